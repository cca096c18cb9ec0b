"""The REST API of the simulated org, over TLS on loopback."""

from __future__ import annotations

import base64
import itertools
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from northstar.simulator.loopback import LoopbackServer, Request, Response
from northstar.simulator.salesforce.bulk import BulkQueries
from northstar.simulator.salesforce.errors import ApiError, not_found, session_expired
from northstar.simulator.salesforce.faults import Faults
from northstar.simulator.salesforce.org import Org, shown
from northstar.simulator.salesforce.schema import Field
from northstar.simulator.salesforce.soql import instant_text, parse

API_VERSION = "62.0"
OPEN_LOCATORS = 10
"""How many queries may be paged through at a time; the oldest locator is closed when one more is opened."""
DELETE_LOG_DAYS = 30
MAX_URI = 16_384
"""Characters; a longer one is refused with 414."""


@dataclass
class _Locator:
    object: str
    fields: tuple[Field, ...]
    ids: list[str]


class SalesforceServer:
    """Serves an org.  Use as a context manager, or call :meth:`start` and :meth:`stop`."""

    def __init__(self, org: Org, client_id: str = "northstar-warehouse", client_secret: str | None = None) -> None:
        self.org = org
        self.faults = Faults()
        self.bulk = BulkQueries(org)
        self.page_rows = 2_000
        """Records in one page of a query."""
        self.token_life = timedelta(hours=2)
        """By the org's clock."""
        self.on_request: Callable[[Request], None] | None = None
        """Called before each request is answered, so that a test can change the org in the middle of a read."""
        self._client_id = client_id
        self._client_secret = client_secret or secrets.token_hex(16)
        self._tokens: dict[str, datetime] = {}
        self._locators: OrderedDict[str, _Locator] = OrderedDict()
        self._numbers = itertools.count(1)
        self._http = LoopbackServer(self._handle, tls=True)
        base = rf"/services/data/v{re.escape(API_VERSION)}"
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Response]]] = [
            ("GET", re.compile(rf"{base}/(query|queryAll)/?"), self._query),
            ("GET", re.compile(rf"{base}/(?:query|queryAll)/(01g\w+)-(\d+)"), self._query_more),
            ("GET", re.compile(rf"{base}/sobjects/?"), self._describe_global),
            ("GET", re.compile(rf"{base}/sobjects/(\w+)/describe/?"), self._describe),
            ("GET", re.compile(rf"{base}/sobjects/(\w+)/deleted/?"), self._deleted),
            ("GET", re.compile(rf"{base}/sobjects/(\w+)/updated/?"), self._updated),
            ("GET", re.compile(rf"{base}/limits/?"), self._limits),
            ("POST", re.compile(rf"{base}/jobs/query/?"), self.bulk.create),
            ("GET", re.compile(rf"{base}/jobs/query/(\w+)/?"), lambda request, id: self.bulk.poll(id)),
            ("GET", re.compile(rf"{base}/jobs/query/(\w+)/results/?"), lambda r, id: self.bulk.results(id, r)),
            ("DELETE", re.compile(rf"{base}/jobs/query/(\w+)/?"), lambda request, id: self.bulk.delete(id)),
        ]

    @property
    def url(self) -> str:
        """Where the server listens, which is its login URL and its instance URL."""
        return self._http.url

    def environment(self) -> dict[str, str]:
        """The variables by which the warehouse finds this server."""
        return {
            "NORTHSTAR_SALESFORCE_LOGIN_URL": self.url,
            "NORTHSTAR_SALESFORCE_CLIENT_ID": self._client_id,
            "NORTHSTAR_SALESFORCE_CLIENT_SECRET": self._client_secret,
            "NORTHSTAR_SALESFORCE_API_VERSION": API_VERSION,
            "NORTHSTAR_SALESFORCE_CA_FILE": str(self._http.ca_file),
        }

    def expire_tokens(self) -> None:
        """Make every token invalid, as when an administrator ends the sessions."""
        self._tokens.clear()

    def expire_locators(self) -> None:
        """Close every open query, as Salesforce does with old ones."""
        self._locators.clear()

    def start(self) -> SalesforceServer:
        """Begin to serve."""
        self._http.start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        self._http.stop()

    def __enter__(self) -> SalesforceServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _handle(self, request: Request) -> Response:
        if self.on_request is not None:
            self.on_request(request)
        date = {"Date": format_datetime(self.org.now.astimezone(UTC), usegmt=True)}
        try:
            response = self.faults.strike(request) or self._route(request)
        except ApiError as error:
            response = error.response()
        response.headers.update(date)
        return self.faults.cut(request, response)

    def _route(self, request: Request) -> Response:
        if len(request.target) > MAX_URI:
            raise ApiError(414, "URI_TOO_LONG", "the request URI is too long")
        if request.path == "/services/oauth2/token":
            return self._token(request)
        self._authorise(request)
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                return handler(request, *(unquote(part) for part in match.groups()))
        raise not_found()

    def _token(self, request: Request) -> Response:
        form = request.form()
        grant = form.get("grant_type")
        client = form.get("client_id"), form.get("client_secret")
        basic = request.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            user, _, password = base64.b64decode(basic[6:]).decode().partition(":")
            client = user, password
        if grant not in ("client_credentials", "password"):
            return _oauth_error("unsupported_grant_type", "grant type not supported")
        if client[0] != self._client_id:
            return _oauth_error("invalid_client_id", "client identifier invalid")
        if client[1] != self._client_secret:
            return _oauth_error("invalid_client", "invalid client credentials")
        if grant == "password" and not (form.get("username") and form.get("password")):
            return _oauth_error("invalid_grant", "authentication failure")
        token = f"{self.org.org_id}!{secrets.token_hex(16)}"
        self._tokens[token] = self.org.now + self.token_life
        return Response.of_json(
            {
                "access_token": token,
                "instance_url": self.url,
                "id": f"{self.url}/id/{self.org.org_id}/005000000000001AAA",
                "token_type": "Bearer",
                "issued_at": str(int(self.org.now.timestamp() * 1000)),
            }
        )

    def _authorise(self, request: Request) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        expires = self._tokens.get(token)
        if expires is None or expires <= self.org.now:
            raise session_expired()

    def _query(self, request: Request, kind: str) -> Response:
        soql = request.parameter("q")
        if not soql:
            raise ApiError(400, "MALFORMED_QUERY", "a query needs the parameter q")
        query = parse(soql, self.org.objects)
        ids = self.org.matching(query, deleted=kind == "queryAll")
        if query.is_count:
            return Response.of_json({"totalSize": len(ids), "done": True, "records": []})
        locator = _Locator(query.object.name, query.fields, ids)
        id = f"01g{next(self._numbers):012d}AAA"
        if len(ids) > self.page_rows:
            self._locators[id] = locator
            while len(self._locators) > OPEN_LOCATORS:
                self._locators.popitem(last=False)
        return self._page(id, locator, 0)

    def _query_more(self, request: Request, id: str, start: str) -> Response:
        locator = self._locators.get(id)
        if locator is None:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(id, locator, int(start))

    def _page(self, id: str, locator: _Locator, start: int) -> Response:
        """A page of records with the values of now: the rows of a query are fixed when it is asked, not the values."""
        end = start + self.page_rows
        rows = self.org.fetch(locator.object, locator.ids[start:end], locator.fields)
        base = f"/services/data/v{API_VERSION}"
        records = [
            {
                "attributes": {"type": locator.object},
                **{f.name: shown(f, value) for f, value in zip(locator.fields, row, strict=True)},
            }
            for row in rows
        ]
        answer: dict[str, Any] = {"totalSize": len(locator.ids), "done": end >= len(locator.ids), "records": records}
        if not answer["done"]:
            answer["nextRecordsUrl"] = f"{base}/query/{id}-{end}"
        return Response.of_json(answer)

    def _describe_global(self, request: Request) -> Response:
        summaries = [sobject.summary() for sobject in self.org.objects.values()]
        return Response.of_json({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": summaries})

    def _describe(self, request: Request, name: str) -> Response:
        if name not in self.org.objects:
            raise not_found()
        return Response.of_json(self.org.objects[name].describe())

    def _deleted(self, request: Request, name: str) -> Response:
        start, end = self._span(request, name)
        records = [{"id": id, "deletedDate": at} for id, at in self.org.deleted_between(name, start, end)]
        earliest = instant_text(self.org.now - timedelta(days=DELETE_LOG_DAYS))
        return Response.of_json(
            {"deletedRecords": records, "earliestDateAvailable": earliest, "latestDateCovered": instant_text(end)}
        )

    def _updated(self, request: Request, name: str) -> Response:
        start, end = self._span(request, name)
        column = "SystemModstamp" if "SystemModstamp" in self.org.objects[name].fields else "CreatedDate"
        where = f'"{column}" >= ? AND "{column}" < ?'
        ids = self.org.ids(name, where, (instant_text(start), instant_text(end)))
        return Response.of_json({"ids": ids, "latestDateCovered": instant_text(end)})

    def _span(self, request: Request, name: str) -> tuple[datetime, datetime]:
        """The minutes between start and end: seconds are ignored."""
        if name not in self.org.objects or not self.org.objects[name].replicateable:
            raise not_found()
        try:
            start, end = (
                datetime.fromisoformat(request.parameter(part) or "").astimezone(UTC).replace(second=0, microsecond=0)
                for part in ("start", "end")
            )
        except ValueError:
            raise ApiError(400, "INVALID_REPLICATION_DATE", "start and end must be ISO 8601 instants") from None
        if end - start < timedelta(minutes=1):
            raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate must be more than a minute before endDate")
        if start < self.org.now - timedelta(days=DELETE_LOG_DAYS):
            raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate is before the replication limit")
        return start, min(end, self.org.now.replace(second=0, microsecond=0))

    def _limits(self, request: Request) -> Response:
        return Response.of_json({"DailyApiRequests": {"Max": 100_000, "Remaining": 100_000 - len(self.faults.seen)}})


def _oauth_error(code: str, description: str) -> Response:
    return Response.of_json({"error": code, "error_description": description}, 400)
