"""Faults on demand: what the server does wrong, and when."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field, replace

from northstar.simulator.loopback import DropConnection, Request, Response
from northstar.simulator.salesforce.errors import ApiError

_ERRORS: dict[str, tuple[int, str, str]] = {
    "limit": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "lock": (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    "locator": (400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
    "session": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "unavailable": (503, "SERVER_UNAVAILABLE", "too many requests are waiting; try again"),
    "timeout": (400, "QUERY_TIMEOUT", "Your query request was running for too long."),
}


@dataclass
class Fault:
    """One planned fault."""

    kind: str
    """A Salesforce error: limit, lock, locator, session, unavailable, timeout.  Or ``throttle`` (429 with Retry-After),
    ``gateway`` (502 with a page of HTML), ``drop`` (the connection closes), ``cut`` (it closes in the middle of a
    body), ``short`` (the body ends early, at the end of a line, and nothing says so).
    """
    path: str = ""
    """Strikes requests whose path matches this regular expression."""
    after: int = 0
    """Lets so many matching requests pass first."""
    times: int = 1


@dataclass
class Faults:
    """The faults that a server still has to commit, and the requests that it saw."""

    planned: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every request since it was last cleared."""
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, kind: str, path: str = "", after: int = 0, times: int = 1) -> None:
        """Plan a fault for the requests to come."""
        self.planned.append(Fault(kind, path, after, times))

    def strike(self, request: Request) -> Response | None:
        """Note a request, and fail it if that is planned: raises, or returns the faulty response.

        What damages a response is left to :meth:`cut`.
        """
        with self._guard:
            self.seen.append((request.method, request.path))
            fault = self._due(request, cut=False)
        if fault is None:
            return None
        if fault.kind == "drop":
            raise DropConnection
        if fault.kind == "throttle":
            return Response.of_json([{"errorCode": "TOO_MANY_REQUESTS", "message": ""}], 429, {"Retry-After": "0"})
        if fault.kind == "gateway":
            return Response(502, b"<html>Bad Gateway</html>", "text/html")
        raise ApiError(*_ERRORS[fault.kind])

    def cut(self, request: Request, response: Response) -> Response:
        """The response, or what is left of it if a ``cut`` or ``short`` is planned."""
        with self._guard:
            fault = self._due(request, cut=True)
        if fault is None:
            return response
        half = response.body[: len(response.body) // 2]
        if fault.kind == "short":
            return replace(response, body=half[: half.rfind(b"\n") + 1])
        headers = {**response.headers, "Content-Length": str(len(response.body)), "Connection": "close"}
        return Response(response.status, half, response.content_type, headers)

    def _due(self, request: Request, cut: bool) -> Fault | None:
        for fault in list(self.planned):
            if (fault.kind in ("cut", "short")) is not cut or not re.search(fault.path, request.path):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self.planned.remove(fault)
            return fault
        return None
