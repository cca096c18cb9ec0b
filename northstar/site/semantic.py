"""The metrics as Open Semantic Interchange tells them, version 0.1.1, which BI tools and assistants read."""

from __future__ import annotations

import json
from typing import Any

VERSION = "0.1.1"


def dataset_of(mart: str) -> str:
    """The name by which a metric's expression calls its mart."""
    return mart.split(".")[-1]


def semantic_model(data: dict[str, Any]) -> dict[str, Any]:
    """Every mart that has a metric, with its columns, and every metric as one expression over its mart."""
    marts = {metric["mart"] for metric in data["metrics"]}
    return {
        "version": VERSION,
        "semantic_model": [
            {
                "name": "northstar",
                "description": "What Northstar Health's marts measure.",
                "datasets": [_dataset(model, data) for model in data["models"] if model["name"] in marts],
                "metrics": [_metric(metric) for metric in data["metrics"]],
            }
        ],
    }


def _dataset(model: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    name = model["name"]
    dimensions = {column for metric in data["metrics"] if metric["mart"] == name for column in metric["grain"]}
    return {
        "name": dataset_of(name),
        "source": f"NORTHSTAR.{name.upper()}",
        **({"primary_key": model["grain"][0]} if model["grain"] else {}),
        "description": model["words"]["row"],
        "fields": [_field(column, column["name"] in dimensions) for column in model["columns"]],
    }


def _field(column: dict[str, Any], is_dimension: bool) -> dict[str, Any]:
    is_time = column["type"].startswith(("date", "timestamp"))
    return {
        "name": column["name"],
        "expression": _expression(column["name"]),
        "description": column["words"],
        **({"dimension": {"is_time": is_time}} if is_dimension else {}),
    }


def _metric(metric: dict[str, Any]) -> dict[str, Any]:
    rules = [f"May be broken down by {', '.join(metric['grain'])} and by nothing else."]
    if metric["always_by"]:
        rules.append(f"Never add it across {', '.join(metric['always_by'])}: always group by these.")
    extra = {key: metric[key] for key in ("unit", "owner", "grain", "always_by")}
    return {
        "name": metric["name"],
        "expression": _expression(metric["expression"]),
        "description": f"{metric['title']}. {metric['words']}",
        "ai_context": {"instructions": " ".join(rules), "synonyms": [metric["title"], *metric["synonyms"]]},
        "custom_extensions": [{"vendor_name": "COMMON", "data": json.dumps(extra)}],
    }


def _expression(sql: str) -> dict[str, Any]:
    return {"dialects": [{"dialect": "SNOWFLAKE", "expression": sql}]}
