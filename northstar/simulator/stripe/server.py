"""A loopback server that speaks the part of Stripe's REST protocol that reads an account."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from email.utils import formatdate
from types import TracebackType
from typing import Any

from northstar.simulator.loopback import DropConnection, LoopbackServer, Request, Response
from northstar.simulator.stripe.faults import Faults
from northstar.simulator.stripe.store import API_VERSION, Json, NoSuchObject, Page, Store

ROUTES = {
    "customers": "customer", "products": "product", "prices": "price", "coupons": "coupon",
    "subscriptions": "subscription", "invoices": "invoice", "invoice_payments": "invoice_payment",
    "credit_notes": "credit_note", "charges": "charge", "payment_intents": "payment_intent", "refunds": "refund",
    "disputes": "dispute", "balance_transactions": "balance_transaction", "payouts": "payout", "events": "event",
}  # fmt: skip

_FILTERS = {
    "customers": {"email"}, "products": {"active"}, "prices": {"active", "currency", "product", "type"},
    "subscriptions": {"customer", "collection_method"},
    "invoices": {"customer", "status", "collection_method"}, "invoice_payments": {"invoice", "status"},
    "credit_notes": {"customer", "invoice"}, "charges": {"customer", "payment_intent"},
    "payment_intents": {"customer"}, "refunds": {"charge", "payment_intent"}, "disputes": {"charge"},
    "balance_transactions": {"currency", "source", "type"}, "coupons": set(), "payouts": {"status"}, "events": {"type"},
}  # fmt: skip
"""Parameters by which a list can be narrowed to objects that have that value."""

_SPECIAL = {"subscriptions": {"status"}, "balance_transactions": {"payout"}, "events": {"types"}}
_PAGING = {"limit", "starting_after", "ending_before", "expand", "created"}
_TYPES_AT_MOST = 20
_EXPANDABLE = {"subscriptions": frozenset({"discounts"})}
_LONG_AGO, _FAR_AHEAD = 0, 2**53


class _Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, code: str | None = None, param: str | None = None) -> None:
        kind = {429: "rate_limit_error", 500: "api_error"}.get(status, "invalid_request_error")
        error = {"type": kind, "message": message, "code": code, "param": param}
        self.response = Response.of_json({"error": {k: v for k, v in error.items() if v is not None}}, status)


class StripeServer:
    """Serves a :class:`Store` on a free port of 127.0.0.1; a context manager.

    A live key sees objects of live mode only, a test key those of test mode, as at Stripe.  With ``mixes_modes``
    every key sees both, so that a reader's own guard can be tried.
    """

    def __init__(self, store: Store, mixes_modes: bool = False) -> None:
        self.store = store
        self.faults = Faults()
        self.requests: list[str] = []
        """Targets of the requests answered so far, oldest first."""
        self.live_key = "sk_live_" + store.new_id("customer")[4:12]
        self.test_key = "sk_test_" + store.new_id("customer")[4:12]
        self.before_answer: Callable[[Request], None] | None = None
        """Called before each request is answered, so that a test can change the account between two pages."""
        self._mixes_modes = mixes_modes
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._handle)

    @property
    def url(self) -> str:
        """Base address for ``StripeClient(key, base_addresses={"api": url})``."""
        return self._server.url

    def start(self) -> StripeServer:
        """Begin to answer."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop answering and free the port.  Idempotent."""
        self._server.stop()

    def __enter__(self) -> StripeServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _handle(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request.target)
            number = len(self.requests)
        if self.before_answer is not None:
            self.before_answer(request)
        try:
            with self.store.lock:
                response = self._answer(request)
        except _Refusal as refusal:
            response = refusal.response
        headers = {
            "Request-Id": f"req_{number:014d}",
            "Stripe-Version": request.headers.get("Stripe-Version") or API_VERSION,
            "Date": formatdate(self.store.now, usegmt=True),
            **response.headers,
        }
        return Response(response.status, response.body, headers=headers)

    def _answer(self, request: Request) -> Response:
        fault = self.faults.due(request.path)
        if fault == "drop":
            raise DropConnection
        if fault == "rate_limit":
            raise _Refusal(429, "Request rate limit exceeded.", "rate_limit")
        if fault == "server_error":
            raise _Refusal(500, "An unknown error occurred.")
        livemode = self._mode(request)
        if request.method != "GET":
            raise _Refusal(405, "The simulated account can only be read.")
        parts = request.path.strip("/").split("/")
        if parts[:1] == ["v1"] and len(parts) == 2 and parts[1] == "subscription_items":
            return self._nested(request, "subscription", request.parameter("subscription"), "items", livemode)
        if parts[:1] == ["v1"] and len(parts) == 4 and (parts[1], parts[3]) == ("invoices", "lines"):
            return self._nested(request, "invoice", parts[2], "lines", livemode)
        if parts[:1] != ["v1"] or len(parts) not in (2, 3) or parts[1] not in ROUTES:
            raise _Refusal(404, f"Unrecognized request URL (GET: {request.path}).")
        if len(parts) == 3:
            row = self._get(ROUTES[parts[1]], parts[2], livemode)
            return Response.of_json(self.store.render(row, self._expand(request, parts[1], "")))
        return self._list(request, parts[1], livemode)

    def _mode(self, request: Request) -> bool:
        key = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        if not key:
            raise _Refusal(401, "You did not provide an API key.")
        if key not in (self.live_key, self.test_key):
            raise _Refusal(401, "Invalid API Key provided.")
        return key == self.live_key

    def _get(self, kind: str, identifier: str, livemode: bool) -> Json:
        try:
            row = self.store.kinds[kind].get(identifier)
        except NoSuchObject:
            row = None
        if row is None or not self._visible(row, livemode):
            raise _Refusal(404, f"No such {kind}: '{identifier}'", "resource_missing", "id")
        return row

    def _visible(self, row: Json, livemode: bool) -> bool:
        return self._mixes_modes or row.get("livemode", True) == livemode

    def _expand(self, request: Request, route: str, prefix: str) -> frozenset[str]:
        wanted = {
            value for name, values in request.query.items() if re.match(r"expand\[\d*\]$", name) for value in values
        }
        names = {name.removeprefix(prefix) for name in wanted}
        if not names <= _EXPANDABLE.get(route, frozenset()):
            raise _Refusal(400, "This property cannot be expanded.", param="expand")
        return frozenset(names)

    def _list(self, request: Request, route: str, livemode: bool) -> Response:
        kind = ROUTES[route]
        names = {name.split("[")[0] for name in request.query}
        unknown = names - _PAGING - _FILTERS[route] - _SPECIAL.get(route, set())
        if unknown:
            raise _Refusal(400, f"Received unknown parameter: {min(unknown)}", "parameter_unknown", min(unknown))
        expand = self._expand(request, route, "data.")
        accept = self._accept(request, route, livemode)
        limit, after, before = _paging(request)
        try:
            page = self.store.kinds[kind].page(limit, after, before, _created(request), accept)
        except NoSuchObject as error:
            param = "ending_before" if before is not None else "starting_after"
            raise _Refusal(404, f"No such {kind}: {error}", "resource_missing", param) from None
        shown = [self.store.render(row, expand) for row in page.data]
        return Response.of_json({"object": "list", "url": f"/v1/{route}", "has_more": page.has_more, "data": shown})

    def _accept(self, request: Request, route: str, livemode: bool) -> Callable[[Json], bool]:
        wanted = {name: value for name in _FILTERS[route] if (value := request.parameter(name)) is not None}
        tests: list[Callable[[Json], bool]] = [lambda row: self._visible(row, livemode)]
        if route == "events" and "type" in wanted:
            pattern = re.compile(re.escape(wanted.pop("type")).replace(r"\*", ".*") + "$")
            tests.append(lambda row: pattern.match(row["type"]) is not None)
        types = {value for name, values in request.query.items() if name.startswith("types[") for value in values}
        if len(types) > _TYPES_AT_MOST:
            raise _Refusal(400, f"You may pass up to {_TYPES_AT_MOST} event types.", param="types")
        if types:
            tests.append(lambda row: row["type"] in types)
        if wanted:
            tests.append(lambda row: all(_text(row.get(name)) == value for name, value in wanted.items()))
        if route == "subscriptions":
            status = request.parameter("status")
            if status is None:
                tests.append(lambda row: row["status"] != "canceled")
            elif status == "ended":
                tests.append(lambda row: row["status"] in ("canceled", "incomplete_expired"))
            elif status != "all":
                tests.append(lambda row: row["status"] == status)
        payout = request.parameter("payout")
        if payout is not None:
            self._get("payout", payout, livemode)
            members = set(self.store.paid_out.get(payout, ()))
            tests.append(lambda row: row["id"] in members)
        return lambda row: all(test(row) for test in tests)

    def _nested(self, request: Request, kind: str, parent: str | None, name: str, livemode: bool) -> Response:
        if parent is None:
            raise _Refusal(400, f"Missing required param: {kind}.", "parameter_missing", kind)
        children: list[Json] = self._get(kind, parent, livemode)[name]
        limit, after, before = _paging(request)
        page = _slice(children, limit, after, before)
        path = request.path
        return Response.of_json({"object": "list", "url": path, "has_more": page.has_more, "data": page.data})


def _paging(request: Request) -> tuple[int, str | None, str | None]:
    text = request.parameter("limit") or "10"
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise _Refusal(400, "limit must be between 1 and 100", "parameter_invalid_integer", "limit")
    after, before = request.parameter("starting_after"), request.parameter("ending_before")
    if after is not None and before is not None:
        raise _Refusal(400, "You may specify only one of starting_after and ending_before.")
    return int(text), after, before


def _created(request: Request) -> tuple[int, int]:
    """The closed range of seconds that the filter on ``created`` allows."""
    low, high = _LONG_AGO, _FAR_AHEAD
    for name, (value, *_) in request.query.items():
        if name.split("[")[0] != "created":
            continue
        if not value.isdigit():
            raise _Refusal(400, "Invalid integer", "parameter_invalid_integer", "created")
        bound = int(value)
        if name in ("created", "created[gte]"):
            low = max(low, bound)
        if name in ("created", "created[lte]"):
            high = min(high, bound)
        if name == "created[gt]":
            low = max(low, bound + 1)
        if name == "created[lt]":
            high = min(high, bound - 1)
    return low, high


def _slice(children: list[Json], limit: int, after: str | None, before: str | None) -> Page:
    places = {child["id"]: place for place, child in enumerate(children)}
    try:
        if before is not None:
            end = places[before]
            return Page(children[max(0, end - limit) : end], end > limit)
        start = places[after] + 1 if after is not None else 0
    except KeyError as error:
        raise _Refusal(404, f"No such object: {error}", "resource_missing", "starting_after") from None
    return Page(children[start : start + limit], len(children) > start + limit)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
