"""Bulk API 2.0 query jobs: create, poll, page through CSV results, delete."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import dataclass
from typing import Any

from northstar.simulator.loopback import Request, Response
from northstar.simulator.salesforce.errors import ApiError, not_found
from northstar.simulator.salesforce.org import Org, shown
from northstar.simulator.salesforce.schema import COMPOUND, Field
from northstar.simulator.salesforce.soql import Query, instant_text, parse

DEFAULT_PAGE = 50_000


@dataclass
class _Job:
    id: str
    operation: str
    soql: str
    query: Query
    created: str
    polls_left: int
    rows: list[tuple[Any, ...]] | None = None
    """The result, taken at the moment at which the job completes."""
    failure: str | None = None


class BulkQueries:
    """The query jobs of an org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._jobs: dict[str, _Job] = {}
        self._numbers = itertools.count(1)
        self.polls = 1
        """How often a job is asked for before it is complete."""
        self.header_on_every_page = True
        """Whether pages after the first begin with the field names again; readers must cope with both."""
        self.fail_next: str | None = None
        """The errorMessage with which the next job is to fail."""

    @property
    def open_jobs(self) -> int:
        """Jobs that nobody has deleted yet."""
        return len(self._jobs)

    def create(self, request: Request) -> Response:
        """POST /jobs/query."""
        try:
            wanted = request.json()
            operation, soql = wanted["operation"], wanted["query"]
        except (ValueError, KeyError, TypeError):
            raise ApiError(400, "JSON_PARSER_ERROR", "a query job needs an operation and a query") from None
        if operation not in ("query", "queryAll"):
            raise ApiError(400, "INVALIDJOB", f"operation {operation} is not supported for query jobs")
        query = parse(soql, self._org.objects)
        if query.is_count or query.offset or any(f.type in COMPOUND for f in query.fields):
            raise ApiError(400, "API_ERROR", "COUNT, OFFSET and compound fields are not supported in bulk queries")
        id = self._org.make_id("750", next(self._numbers))
        created = instant_text(self._org.now)
        job = self._jobs[id] = _Job(id, operation, soql, query, created, self.polls, failure=self.fail_next)
        self.fail_next = None
        return Response.of_json(self._info(job, "UploadComplete"))

    def poll(self, id: str) -> Response:
        """GET /jobs/query/ID."""
        job = self._job(id)
        if job.failure is not None:
            return Response.of_json({**self._info(job, "Failed"), "errorMessage": job.failure})
        if job.polls_left > 0:
            job.polls_left -= 1
            return Response.of_json(self._info(job, "InProgress"))
        if job.rows is None:
            with self._org.lock:
                ids = self._org.matching(job.query, job.operation == "queryAll")
                job.rows = self._org.fetch(job.query.object.name, ids, job.query.fields)
        return Response.of_json({**self._info(job, "JobComplete"), "numberRecordsProcessed": len(job.rows)})

    def results(self, id: str, request: Request) -> Response:
        """GET /jobs/query/ID/results with locator and maxRecords."""
        job = self._job(id)
        if job.rows is None:
            raise ApiError(400, "INVALIDJOBSTATE", "the job is not complete")
        start = int(request.parameter("locator") or 0)
        size = int(request.parameter("maxRecords") or DEFAULT_PAGE)
        page = job.rows[start : start + size]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        if start == 0 or self.header_on_every_page:
            writer.writerow([f.name for f in job.query.fields])
        fields = job.query.fields
        writer.writerows([_cell(f, v) for f, v in zip(fields, row, strict=True)] for row in page)
        more = start + size < len(job.rows)
        headers = {"Sforce-NumberOfRecords": str(len(page)), "Sforce-Locator": str(start + size) if more else "null"}
        return Response(200, text.getvalue().encode(), "text/csv; charset=UTF-8", headers)

    def delete(self, id: str) -> Response:
        """DELETE /jobs/query/ID."""
        self._job(id)
        del self._jobs[id]
        return Response(204)

    def _job(self, id: str) -> _Job:
        if id not in self._jobs:
            raise not_found()
        return self._jobs[id]

    def _info(self, job: _Job, state: str) -> dict[str, Any]:
        return {
            "id": job.id, "operation": job.operation, "object": job.query.object.name, "state": state,
            "createdDate": job.created, "contentType": "CSV", "concurrencyMode": "Parallel",
            "lineEnding": "LF", "columnDelimiter": "COMMA", "jobType": "V2Query",
        }  # fmt: skip


def _cell(field: Field, value: Any) -> str:
    """A value as bulk results write it: instants end in Z, large numbers have an exponent."""
    value = shown(field, value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _java_double(value)
    return str(value).replace("+0000", "Z") if field.type == "datetime" else str(value)


def _java_double(value: float) -> str:
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    mantissa, exponent = f"{value:.16e}".split("e")
    digits = repr(float(mantissa))
    return f"{digits}E{int(exponent)}"
