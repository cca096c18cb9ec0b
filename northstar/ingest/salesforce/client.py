"""The calls that the source makes: describe, query by REST or Bulk API 2.0, and the log of deletions.

REST calls go through simple-salesforce.  Bulk results are fetched here: that library hides the number of records that
Salesforce counted in a page, without which a page that was cut off passes for a whole one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote_plus

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from northstar.ingest.contract import IngestError
from northstar.ingest.salesforce.fields import SalesforceObject, described
from northstar.ingest.salesforce.notation import instant
from northstar.ingest.salesforce.pages import Page, page_of_csv, page_of_records
from northstar.ingest.salesforce.session import SalesforceSession, error_code
from northstar.ingest.salesforce.settings import Settings

_LONGEST_URI = 12_000
"""Characters of a query in a URI; Salesforce refuses requests whose URI and headers exceed 16 KB."""
_LONGEST_POLL = 30.0
"""Seconds between two looks at a bulk job."""
_JOB_PATIENCE = 7_200.0
"""Seconds after which a bulk job is given up."""


class QueryLost(Exception):
    """A query cannot be paged through any further, and must be asked anew from where it had come."""


class DeletedLogMissed(Exception):
    """Salesforce no longer knows all deletions since the given instant, or has too many of them."""


class SalesforceClient:
    """Calls of one run, over a session that is logged in.

    Refusals are raised as IngestError, without what the answer said.
    """

    def __init__(
        self, session: SalesforceSession, settings: Settings, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        if session.server_time.year == 1970:
            raise IngestError("Salesforce's answers carry no Date, without which no watermark can be set")
        self._session = session
        self._settings = settings
        self._sleep = sleep
        self._api = Salesforce(
            instance_url=session.instance_url,
            session_id="set by the session",
            session=session,
            version=settings.api_version,
            parse_float=str,
            object_pairs_hook=cast(Any, None),
        )

    @property
    def server_time(self) -> datetime:
        """The latest time that Salesforce has told."""
        return self._session.server_time

    def describe(self, name: str) -> SalesforceObject:
        """An object with its fields, as they are now."""
        with _refusals(f"describe {name}"):
            return described(getattr(self._api, name).describe())

    def query(self, soql: str, fields: Sequence[str], deleted: bool = True) -> Iterator[Page]:
        """The records of a query, which must select ``fields``; ``deleted`` includes the recycle bin.

        Goes by REST, or as a bulk job when there are many records.  Raises QueryLost between pages.
        """
        if len(quote_plus(soql)) > _LONGEST_URI:
            yield from self._bulk(soql, fields, deleted)
            return
        with _refusals("query"):
            answer = self._api.query(soql, include_deleted=deleted)
        if answer["totalSize"] > self._settings.bulk_threshold:
            yield from self._bulk(soql, fields, deleted)
            return
        while True:
            yield page_of_records(answer["records"], fields)
            if answer["done"]:
                return
            with _refusals("read the next page of a query"):
                answer = self._api.query_more(answer["nextRecordsUrl"], identifier_is_url=True)

    def deleted(self, name: str, start: datetime, end: datetime) -> tuple[dict[str, datetime], datetime]:
        """Ids deleted between two minutes with the instants of deletion, and through when that is complete."""
        with _refusals(f"list deletions of {name}"):
            answer = getattr(self._api, name).deleted(start, end)
        deletions = {record["id"]: instant(record["deletedDate"]) for record in answer["deletedRecords"]}
        return deletions, instant(answer["latestDateCovered"])

    def _restful(self, path: str, **options: Any) -> dict[str, Any]:
        return cast(dict[str, Any], self._api.restful(path, **options))

    def _bulk(self, soql: str, fields: Sequence[str], deleted: bool) -> Iterator[Page]:
        with _refusals("create a bulk query"):
            wanted = {"operation": "queryAll" if deleted else "query", "query": soql}
            job = self._restful("jobs/query", method="POST", json=wanted)["id"]
        self._await(job)
        locator: str | None = None
        while locator != "null":
            page, locator = self._bulk_page(job, locator, fields)
            yield page
        # Salesforce deletes it by itself after a week, so a failure here is no reason to fail.
        with suppress(IngestError), _refusals("delete a bulk query"):
            self._api.restful(f"jobs/query/{job}", method="DELETE")

    def _await(self, job: str) -> None:
        waited, pause = 0.0, self._settings.poll_pause
        while True:
            with _refusals("look at a bulk query"):
                state = self._restful(f"jobs/query/{job}")["state"]
            if state == "JobComplete":
                return
            if state in ("Failed", "Aborted"):
                raise IngestError(f"Salesforce ended a bulk query as {state}: see Bulk Data Load Jobs in Setup")
            if waited >= _JOB_PATIENCE:
                raise IngestError(f"a Salesforce bulk query is not complete after {_JOB_PATIENCE:.0f} seconds")
            self._sleep(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_POLL)

    def _bulk_page(self, job: str, locator: str | None, fields: Sequence[str]) -> tuple[Page, str]:
        parameters: dict[str, str | int] = {"maxRecords": self._settings.bulk_page_rows}
        if locator is not None:
            parameters["locator"] = locator
        url = f"{self._api.bulk2_url}query/{job}/results"
        with _refusals("read the results of a bulk query"):
            response = self._session.get(url, params=parameters, headers={"Accept": "text/csv"})
        if response.status_code in (404, 409):
            raise QueryLost
        if response.status_code != 200:
            raise IngestError(f"Salesforce refused to give bulk results ({_named(response)})")
        page = page_of_csv(response.content, fields, first=locator is None)
        try:
            counted, following = int(response.headers["Sforce-NumberOfRecords"]), response.headers["Sforce-Locator"]
        except (KeyError, ValueError):
            raise IngestError("a page of bulk results lacks Sforce-NumberOfRecords or Sforce-Locator") from None
        if counted != len(page):
            raise IngestError(f"a page of bulk results holds {len(page)} records and should hold {counted}; run again")
        return page, following


@contextmanager
def _refusals(what: str) -> Iterator[None]:
    """Turn refused requests into what the source understands; values in Salesforce's messages are left out."""
    try:
        yield
    except SalesforceError as error:
        code = _code_of(error)
        if code == "INVALID_QUERY_LOCATOR":
            raise QueryLost from None
        if code in ("INVALID_REPLICATION_DATE", "EXCEEDED_ID_LIMIT"):
            raise DeletedLogMissed from None
        hint = ""
        if error.status == 404 or code == "INVALID_TYPE":
            hint = "; give the integration user read access to it, or leave it out of NORTHSTAR_SALESFORCE_OBJECTS"
        elif code == "INVALID_FIELD":
            hint = "; a field vanished since it was described: run again"
        raise IngestError(f"Salesforce refused to {what} ({error.status} {code}){hint}".replace(" )", ")")) from None
    except requests.RequestException as error:
        raise IngestError(f"Salesforce gave no usable answer to {what} ({type(error).__name__})") from None


def _code_of(error: SalesforceError) -> str:
    content: Any = error.content
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return str(content[0].get("errorCode", ""))
    return ""


def _named(response: requests.Response) -> str:
    return f"{response.status_code} {error_code(response)}".strip()
