"""The lineage as OpenLineage tells it: an event a model of what it is, and one of its run in the last tick."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

NAMESPACE = "northstar"
PRODUCER = "urn:northstar:warehouse"
_SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs"
_FACETS = "https://openlineage.io/spec/facets"


def events(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A JobEvent for each model that makes a table or view: its inputs, its output, and where each column is from."""
    for model in data["models"]:
        if model["kind"] in ("external", "seed"):
            continue
        yield {
            "eventTime": data["built_at"],
            "producer": PRODUCER,
            "schemaURL": f"{_SPEC}/JobEvent",
            "job": {"namespace": NAMESPACE, "name": model["name"], "facets": _job_facets(model)},
            "inputs": _inputs(model),
            "outputs": [{"namespace": NAMESPACE, "name": model["name"], "facets": _dataset_facets(model)}],
        }


def run_events(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A RunEvent for each model that the last tick ran: its interval, its rows, and whether it failed."""
    models = {model["name"]: model for model in data["models"]}
    for run in data["health"].get("last_run", ()):
        if run["model"] not in models or not run["ended_at"]:
            continue
        interval = {"nominalStartTime": f"{run['interval_start']}Z", "nominalEndTime": f"{run['interval_end']}Z"}
        model = models[run["model"]]
        output: dict[str, Any] = {"namespace": NAMESPACE, "name": run["model"]}
        if model["kind"] != "view":  # which writes no rows: it ran for its audits
            rows = _facet("1-0-2/OutputStatisticsOutputDatasetFacet", rowCount=run["row_count"])
            output["outputFacets"] = {"outputStatistics": rows}
        yield {
            "eventType": "FAIL" if run["is_failed"] else "COMPLETE",
            "eventTime": f"{run['ended_at']}Z",
            "producer": PRODUCER,
            "schemaURL": f"{_SPEC}/RunEvent",
            "run": {
                "runId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{PRODUCER}/{run['started_at']}/{run['model']}")),
                "facets": {"nominalTime": _facet("1-0-1/NominalTimeRunFacet", **interval)},
            },
            "job": {"namespace": NAMESPACE, "name": run["model"]},
            "inputs": _inputs(model),
            "outputs": [output],
        }


def _inputs(model: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"namespace": NAMESPACE, "name": parent, "facets": {}} for parent in model["reads"]]


def _job_facets(model: dict[str, Any]) -> dict[str, Any]:
    owners = [{"name": model["owner"], "type": "MAINTAINER"}] if model["owner"] else []
    return {"ownership": _facet("1-0-1/OwnershipJobFacet", owners=owners)}


def _dataset_facets(model: dict[str, Any]) -> dict[str, Any]:
    fields = [{"name": one["name"], "type": one["type"], "description": one["words"]} for one in model["columns"]]
    origins = {one["name"]: {"inputFields": [_input(key) for key in one["from"]]} for one in model["columns"]}
    return {
        "documentation": _facet("1-1-0/DocumentationDatasetFacet", description=model["words"]["row"]),
        "schema": _facet("1-2-0/SchemaDatasetFacet", fields=fields),
        "columnLineage": _facet("1-2-0/ColumnLineageDatasetFacet", fields=origins),
    }


def _input(key: str) -> dict[str, Any]:
    name, _, field = key.rpartition(".")
    return {"namespace": NAMESPACE, "name": name, "field": field}


def _facet(schema: str, **content: Any) -> dict[str, Any]:
    version, name = schema.split("/")
    return {"_producer": PRODUCER, "_schemaURL": f"{_FACETS}/{version}/{name}.json#/$defs/{name}", **content}
