"""The lineage of columns as OpenLineage tells it: one event a model, of what the model is rather than of a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

NAMESPACE = "northstar"
PRODUCER = "urn:northstar:warehouse"
_SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent"
_FACETS = "https://openlineage.io/spec/facets"


def events(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A JobEvent for each model that makes a table or view: its inputs, its output, and where each column is from."""
    for model in data["models"]:
        if model["kind"] in ("external", "seed"):
            continue
        yield {
            "eventTime": data["built_at"],
            "producer": PRODUCER,
            "schemaURL": _SPEC,
            "job": {"namespace": NAMESPACE, "name": model["name"], "facets": _job_facets(model)},
            "inputs": [{"namespace": NAMESPACE, "name": parent, "facets": {}} for parent in model["reads"]],
            "outputs": [{"namespace": NAMESPACE, "name": model["name"], "facets": _dataset_facets(model)}],
        }


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
