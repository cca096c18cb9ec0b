"""A versioned S3 bucket on loopback, served by moto, with faults on demand."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "simulator", "AWS_SECRET_ACCESS_KEY": "simulator", "AWS_DEFAULT_REGION": REGION}


@dataclass
class Fault:
    """What goes wrong with the next requests that match."""

    method: str = "GET"
    key_contains: str = ""
    """Part of the path; a listing's path is the bucket alone."""
    times: int = 1
    status: int | None = None
    """Answer with this status and ``code`` instead of serving the request."""
    code: str = "InternalError"
    delay_seconds: float = 0.0
    """Wait before serving."""
    cut_after_bytes: int | None = None
    """Send this much of the body, then close the connection."""
    before: Callable[[], None] | None = None
    """Called before the request is served: somebody else's change at the worst moment."""


class FaultyServer(ThreadedMotoServer):
    """moto's S3 on 127.0.0.1, behind a layer that makes the faults that moto itself does not."""

    def __init__(self) -> None:
        super().__init__(ip_address="127.0.0.1", port=0, verbose=False)
        self.now: datetime | None = None
        """The time that answers carry, aware; the machine's own if None."""
        self.faults: list[Fault] = []
        """What is still to go wrong."""
        self._guard = threading.Lock()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)

    def __enter__(self) -> FaultyServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where clients find it."""
        _, port = self.get_host_and_port()
        return f"http://127.0.0.1:{port}"

    def environment(self) -> dict[str, str]:
        """The AWS variables with which boto3 and pyarrow reach it."""
        return {**_CREDENTIALS, "AWS_ENDPOINT_URL": self.url}

    def client(self) -> S3Client:
        """A client of its own, without regard to the process's environment."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=_CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def inject(self, fault: Fault) -> None:
        """Let a fault befall the next requests that match it."""
        with self._guard:
            self.faults.append(fault)

    def clear_faults(self) -> None:
        """Serve everything well again."""
        with self._guard:
            self.faults.clear()

    def _server_entry(self) -> None:
        """As in moto, but for the layer around the application."""
        server = self

        class Handler(MotoRequestHandler):
            def date_time_string(self, timestamp: float | None = None) -> str:
                """The ``Date`` of an answer, which the handler writes itself."""
                if server.now is None:
                    return str(super().date_time_string(timestamp))
                return format_datetime(server.now.astimezone(UTC), usegmt=True)

        app = self._with_faults(DomainDispatcherApplication(create_backend_app))
        self._server = make_server(self._ip_address, self._port, app, True, request_handler=Handler)
        self._server_ready_event.set()
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Stop serving and free the port."""
        super().stop()
        if self._server is not None:
            self._server.server_close()

    def _with_faults(self, app: WSGIApplication) -> WSGIApplication:
        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            fault = self._next_fault(environ["REQUEST_METHOD"], environ["PATH_INFO"])
            if fault is None:
                return app(environ, start_response)
            if fault.before is not None:
                fault.before()
            time.sleep(fault.delay_seconds)
            if fault.status is not None:
                body = f"<Error><Code>{fault.code}</Code><Message>simulated</Message></Error>".encode()
                headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
                start_response(f"{fault.status} Simulated", headers)
                return [body]
            answer = app(environ, start_response)
            if fault.cut_after_bytes is not None:
                return [b"".join(answer)[: fault.cut_after_bytes]]
            return answer

        return serve

    def _next_fault(self, method: str, path: str) -> Fault | None:
        with self._guard:
            for fault in self.faults:
                if fault.method == method and fault.key_contains in path:
                    fault.times -= 1
                    if fault.times == 0:
                        self.faults.remove(fault)
                    return fault
        return None


class PartnerBucket:
    """The bucket that partners write to."""

    def __init__(
        self, server: FaultyServer, name: str = "partner-feeds", prefix: str = "inbox", versioned: bool = True
    ):
        """Create the bucket if it is not there."""
        self.name, self.prefix = name, prefix
        self.url = f"s3://{name}/{prefix}"
        self._server = server
        self._client = server.client()
        self._client.create_bucket(Bucket=name)
        if versioned:
            self._client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def put(self, key: str, content: bytes, at: datetime | None = None) -> None:
        """Write an object; ``at`` is its LastModified, aware, the present if not given."""
        self._client.put_object(Bucket=self.name, Key=f"{self.prefix}/{key}", Body=content)
        if at is not None:
            self._backend_object(key).last_modified = at.replace(tzinfo=None, microsecond=0)

    def delete(self, key: str) -> None:
        """Delete an object; a versioned bucket keeps its versions behind a delete marker."""
        self._client.delete_object(Bucket=self.name, Key=f"{self.prefix}/{key}")

    def get(self, key: str) -> bytes:
        """The content of an object as it stands."""
        return self._client.get_object(Bucket=self.name, Key=f"{self.prefix}/{key}")["Body"].read()

    def clear(self) -> None:
        """Forget every object and its versions: moto keeps a bucket as long as the process, not the server."""
        self._backend_bucket().keys.clear()

    def set_time(self, now: datetime) -> None:
        """Let the server's clock show simulated time."""
        self._server.now = now

    def list(self) -> Sequence[str]:
        """Every object that stands, relative to the prefix, in order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=f"{self.prefix}/")
        return [entry["Key"][len(self.prefix) + 1 :] for page in pages for entry in page.get("Contents", ())]

    def written_at(self, key: str) -> datetime:
        """An object's LastModified, aware."""
        written: datetime = self._backend_object(key).last_modified
        return written.replace(tzinfo=UTC)

    def _backend_object(self, key: str) -> Any:
        """moto's own object: S3 has no way to set LastModified, which must follow simulated time."""
        return self._backend_bucket().keys[f"{self.prefix}/{key}"]

    def _backend_bucket(self) -> Any:
        return s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[self.name]
