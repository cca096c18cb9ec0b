"""A threaded HTTP(S) server on 127.0.0.1, for simulated services that real clients talk to."""

from __future__ import annotations

import json
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import trustme

_LINGER_SECONDS = 60.0
"""How long a kept-alive connection may stay silent before its thread ends."""


class DropConnection(Exception):
    """Raised by a handler to close the connection without an answer, as a failing network does."""


@dataclass(frozen=True)
class Request:
    """One HTTP request as a handler sees it."""

    method: str
    target: str
    """Path and query as they came."""
    headers: Message
    """Look-up ignores case."""
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The query's parameters; one may be given several times."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter, None when it is absent."""
        return self.query.get(name, [None])[0]

    def form(self) -> dict[str, str]:
        """The body as an HTML form; the last value of a repeated name wins."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def json(self) -> Any:
        """The body as JSON.  Raises ValueError when it is not."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """One HTTP response."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    """Take precedence over what the server says by itself: ``Date``, ``Content-Length`` and the like."""

    @classmethod
    def of_json(cls, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """A response whose body is ``value`` as JSON."""
        return cls(status, json.dumps(value).encode(), headers=headers or {})


Handler = Callable[[Request], Response]


class LoopbackServer:
    """Serves one handler, called from a thread per connection, on a free port of 127.0.0.1.

    With ``tls``, a certificate authority is made for this server alone; clients find it in :attr:`ca_file`.
    A handler that raises is answered with status 500, so that a fault in a simulator is seen and not waited for.
    """

    def __init__(self, handler: Handler, tls: bool = False) -> None:
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self.ca_file: Path | None = None
        """PEM file of the authority that signed the server's certificate; None without TLS."""
        context = None
        if tls:
            self._directory = tempfile.TemporaryDirectory(prefix="northstar-loopback-")
            self.ca_file = Path(self._directory.name) / "ca.pem"
            authority = trustme.CA()
            authority.cert_pem.write_to_path(str(self.ca_file))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        self._server = _Server(handler, context)
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name=f"loopback-{self.port}", daemon=True
        )

    def start(self) -> LoopbackServer:
        """Begin to accept connections."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop accepting, close every open connection, and free the port.  Idempotent."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.close_connections()
        if self._directory is not None:
            self._directory.cleanup()

    def __enter__(self) -> LoopbackServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, handler: Handler, context: ssl.SSLContext | None) -> None:
        self.handler = handler
        self._context = context
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", 0), _RequestHandler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._context is not None:
            # The handshake waits for the client, so it belongs in the connection's own thread: at its first read.
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._guard:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        with self._guard:
            open_now = list(self._connections)
        for connection in open_now:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _LINGER_SECONDS
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Servers under test write no log."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, self.headers, body)
        try:
            response = self.server.handler(request)
        except DropConnection:
            self.close_connection = True
            return
        except Exception as error:
            response = Response.of_json({"simulator_fault": repr(error)}, 500)
        self.send_response_only(response.status)
        headers = {"Date": self.date_time_string()}
        has_body = response.status not in (204, 304)
        if has_body:
            headers |= {"Content-Type": response.content_type, "Content-Length": str(len(response.body))}
        for name, value in (headers | response.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if has_body and self.command != "HEAD":
            self.wfile.write(response.body)

    do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = do_HEAD = _answer
