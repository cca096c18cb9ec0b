"""What the site says in the format of dbt's manifest, version 12, which catalogues and BI tools read."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

PACKAGE = "northstar"
SCHEMA = "https://schemas.getdbt.com/dbt/manifest/v12.json"

_MATERIALIZED = {"view": "view", "embedded": "ephemeral", "full": "table", "seed": "seed"}
_EXPOSURES = {"dashboard": "dashboard", "data_product": "application"}


def manifest(data: dict[str, Any]) -> dict[str, Any]:
    """The manifest of a site's data.  Audits become tests; metrics stand in the ``meta`` of their mart."""
    ids = {model["name"]: _unique_id(model) for model in data["models"]}
    nodes: dict[str, Any] = {}
    sources: dict[str, Any] = {}
    for model in data["models"]:
        if model["layer"] == "raw" or model["kind"] == "external":
            sources[ids[model["name"]]] = _source(model)
            continue
        metrics = [metric for metric in data["metrics"] if metric["mart"] == model["name"]]
        nodes[ids[model["name"]]] = _node(model, ids, metrics)
        nodes |= {test["unique_id"]: test for test in _tests(model, ids)}
    exposures = {f"exposure.{PACKAGE}.{one['name']}": _exposure(one, ids) for one in data["exposures"]}
    parents = {
        key: entry.get("depends_on", {}).get("nodes", []) for key, entry in (nodes | sources | exposures).items()
    }
    return {
        "metadata": {
            "dbt_schema_version": SCHEMA, "dbt_version": "1.9.0", "generated_at": data["built_at"],
            "project_name": PACKAGE, "adapter_type": "snowflake", "env": {},
        },
        "nodes": nodes, "sources": sources, "exposures": exposures, "macros": {}, "docs": {}, "metrics": {},
        "groups": {}, "selectors": {}, "disabled": {}, "parent_map": parents, "child_map": _reversed(parents),
        "group_map": {}, "saved_queries": {}, "semantic_models": {}, "unit_tests": {},
    }  # fmt: skip


def _unique_id(model: dict[str, Any]) -> str:
    kind = "source" if model["kind"] == "external" else "seed" if model["kind"] == "seed" else "model"
    return f"{kind}.{PACKAGE}.{model['name']}"


def _common(model: dict[str, Any], resource_type: str) -> dict[str, Any]:
    schema, name = model["name"].split(".")
    return {
        "database": "NORTHSTAR", "schema": schema.upper(), "name": name, "resource_type": resource_type,
        "package_name": PACKAGE, "path": model["path"], "original_file_path": model["path"],
        "unique_id": _unique_id(model), "fqn": [PACKAGE, schema, name],
        "relation_name": f"NORTHSTAR.{model['name'].upper()}", "description": _description(model),
        "columns": {column["name"]: _column(column) for column in model["columns"]},
    }  # fmt: skip


def _node(model: dict[str, Any], ids: dict[str, str], metrics: list[dict[str, Any]]) -> dict[str, Any]:
    resource_type = "seed" if model["kind"] == "seed" else "model"
    entry = _common(model, resource_type) | {
        "alias": model["name"].split(".")[1],
        "checksum": {"name": "sha256", "checksum": hashlib.sha256(repr(model).encode()).hexdigest()},
        "tags": [model["layer"]],
        "meta": {
            "owner": model["owner"], "cron": model["cron"], "grain": model["grain"], "kind": model["kind"],
            "metrics": metrics,
        },
        "config": {"materialized": _MATERIALIZED.get(model["kind"], "incremental")},
    }  # fmt: skip
    if resource_type == "model":
        entry["depends_on"] = {"nodes": [ids[parent] for parent in model["reads"] if parent in ids], "macros": []}
    return entry


def _source(model: dict[str, Any]) -> dict[str, Any]:
    schema, name = model["name"].split(".")
    return _common(model, "source") | {
        "source_name": schema, "source_description": "", "loader": PACKAGE, "identifier": name.upper(),
    }  # fmt: skip


def _tests(model: dict[str, Any], ids: dict[str, str]) -> Iterable[dict[str, Any]]:
    for audit in model["audits"]:
        digest = hashlib.sha256(f"{model['name']} {audit['name']} {audit['arguments']}".encode()).hexdigest()[:10]
        name = f"{audit['name']}_{model['name'].replace('.', '_')}"
        yield {
            "database": "NORTHSTAR", "schema": "AUDIT", "name": name, "resource_type": "test", "alias": name,
            "package_name": PACKAGE, "path": model["path"], "original_file_path": model["path"],
            "unique_id": f"test.{PACKAGE}.{name}.{digest}", "fqn": [PACKAGE, name],
            "checksum": {"name": "sha256", "checksum": digest},
            "test_metadata": {"name": audit["name"], "kwargs": {"arguments": audit["arguments"]}},
            "config": {"severity": "ERROR" if audit["blocking"] else "WARN"},
            "depends_on": {"nodes": [ids[model["name"]]], "macros": []}, "attached_node": ids[model["name"]],
        }  # fmt: skip


def _exposure(exposure: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    return {
        "name": exposure["name"], "resource_type": "exposure", "package_name": PACKAGE,
        "path": "contracts/exposures.yaml", "original_file_path": "contracts/exposures.yaml",
        "unique_id": f"exposure.{PACKAGE}.{exposure['name']}", "fqn": [PACKAGE, exposure["name"]],
        "type": _EXPOSURES[exposure["kind"]], "owner": {"name": exposure["owner"]}, "label": exposure["title"],
        "description": exposure["audience"], "meta": {"refresh": exposure["refresh"], "reads": exposure["reads"]},
        "depends_on": {"nodes": [ids[mart] for mart in exposure["reads"]], "macros": []},
    }  # fmt: skip


def _column(column: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": column["name"], "description": column["words"], "data_type": column["type"],
        "meta": {"sensitivity": column["badge"], "classes": column["classes"], "lineage": column["from"]},
        "tags": [] if column["badge"] == "open" else [column["badge"]],
    }  # fmt: skip


def _description(model: dict[str, Any]) -> str:
    words = model["words"]
    parts = (("", "row"), ("Answers: ", "answers"), ("Use it for: ", "use"), ("Not for: ", "avoid"), ("", "notes"))
    return " ".join(f"{head}{words[part]}" for head, part in parts if words[part])


def _reversed(parents: dict[str, list[str]]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = defaultdict(list)
    for child, above in parents.items():
        children.setdefault(child, [])
        for parent in above:
            children[parent].append(child)
    return dict(children)
