"""What people are told of, and that it arrives: by Slack, by e-mail and by SNS, on servers of the test's own."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
import trustme
from little import HALF_HOUR, MIDNIGHT, ROOT, Little
from moto.server import ThreadedMotoServer
from moto.sns.models import sns_backends
from sqlmesh.core.config.loader import load_config_from_yaml
from sqlmesh.core.notification_target import NotificationStatus

from northstar import notify
from northstar.notify import Notifier, news
from northstar.tick import TickReport, tick

KEY = "A9f3kSecretPartOfTheWebhook"
Posts = tuple[str, list[dict[str, Any]]]


@pytest.fixture
def slack() -> Iterator[Posts]:
    """A webhook's address, and what was posted to it."""
    posted: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/services/{KEY}", posted
    server.shutdown()
    server.server_close()


@pytest.fixture
def mail() -> Iterator[tuple[int, list[Message]]]:
    """The port of an SMTP server over TLS, and the mail that it has taken."""
    taken: list[Message] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.answer("220 test")
            while command := self.rfile.readline().decode().strip().upper():
                if command == "DATA":
                    self.answer("354 go on")
                    taken.append(message_from_string("".join(iter(lambda: self.rfile.readline().decode(), ".\r\n"))))
                self.answer("221 bye" if command == "QUIT" else "250 ok")

        def answer(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def get_request(self) -> tuple[Any, Any]:
            connection, address = super().get_request()
            return context.wrap_socket(connection, server_side=True), address

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], taken
    server.shutdown()
    server.server_close()


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A topic's ARN."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    yield boto3.client("sns", region_name="us-east-1").create_topic(Name="northstar")["TopicArn"]
    server.stop()


def published(topic: str) -> list[tuple[str, str]]:
    """Subject and text of what a topic was told."""
    sent = sns_backends["123456789012"]["us-east-1"].topics[topic].sent_notifications
    return [(subject, text) for _, text, subject, *_ in sent]


def test_a_failure_and_its_end_are_told_once_each_on_every_way(
    little: Little, monkeypatch: pytest.MonkeyPatch, slack: Posts, mail: tuple[int, list[Message]], topic: str
) -> None:
    settings = {
        "NORTHSTAR_SLACK_WEBHOOK": slack[0],
        "NORTHSTAR_MAIL_HOST": "127.0.0.1",
        "NORTHSTAR_MAIL_PORT": str(mail[0]),
        "NORTHSTAR_MAIL_FROM": "warehouse@example.com",
        "NORTHSTAR_MAIL_TO": "data@example.com,oncall@example.com",
        "NORTHSTAR_SNS_TOPIC_ARN": topic,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    environment, statuses = {**little.environment, **settings}, []
    with little.warehouse() as warehouse:
        for number in range(5):
            little.live(number)
            if number == 1:
                little.down("stripe")
            elif number == 3:
                little.up("stripe")
            at = MIDNIGHT + (number + 1) * HALF_HOUR
            statuses.append(tick(warehouse, ("app", "stripe"), environment, at).status)
    assert statuses == ["ok", "source_failed", "source_failed", "ok", "ok"]
    texts = [post["text"] for post in slack[1]]
    assert [text.splitlines()[0] for text in texts] == [
        "tick 2026-03-02T01:00:00+00:00: source_failed",
        "tick 2026-03-02T02:00:00+00:00: all is well again",
    ]
    assert "source stripe: stripe is down; try again later" in texts[0]
    addresses = {"data@example.com", "oncall@example.com"}
    assert [set(message["To"].split(",")) for message in mail[1]] == [addresses, addresses]
    bodies = [str(message.get_payload()) for message in mail[1]]
    assert "stripe is down" in bodies[0] and "over: source stripe" in bodies[1]
    assert [subject for subject, _ in published(topic)] == [
        "Northstar failure: tick 2026-03-02T01:00:00+00:00: source_failed",
        "Northstar success: tick 2026-03-02T02:00:00+00:00: all is well again",
    ]
    assert [text for _, text in published(topic)] == texts


def test_targets_out_of_reach_are_logged_without_their_secret_and_fail_nothing(
    little: Little, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NORTHSTAR_SLACK_WEBHOOK", f"http://127.0.0.1:1/services/{KEY}")
    with little.warehouse() as warehouse:
        little.live(0)
        little.down("stripe")
        report = tick(warehouse, ("app", "stripe"), little.environment, MIDNIGHT + HALF_HOUR)
    assert report.status == "source_failed"
    failures = [record for record in caplog.records if record.message == "notification_failed"]
    assert [vars(record)["target"] for record in failures] == ["slack_webhook"]
    assert KEY not in json.dumps([str(vars(record)) for record in failures])


def test_a_target_that_hangs_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    released = threading.Event()

    class Hanging:
        type_ = "hanging"

        def send(self, *_: object) -> None:
            released.wait(20)

    monkeypatch.setattr(notify, "_PATIENCE_SECONDS", 0.1)
    Notifier([Hanging()], {}).tell(NotificationStatus.FAILURE, "a message")
    released.set()
    assert [record.message for record in caplog.records] == ["notification_timed_out"]


def _line(**facts: Any) -> dict[str, Any]:
    return TickReport(MIDNIGHT, "tick-1").as_line() | facts


@pytest.mark.parametrize(
    ("now", "before", "status", "words"),
    [
        (_line(), None, None, ()),
        (_line(), _line(), None, ()),
        (_line(models_failed={"a.b": "x"}, models_skipped=["c.d"], status="models_failed"), _line(), "failure",
         ("model a.b: x", "1 models wait")),
        (_line(models_failed={"a.b": "x"}, status="models_failed"), _line(models_failed={"a.b": "y"}), None, ()),
        (_line(models_failed={"a.b": "x", "c.d": "z"}, status="models_failed"), _line(models_failed={"a.b": "y"}),
         "failure", ("model c.d: z", "still: model a.b: x")),
        (_line(missed=["10:00", "10:30"]), _line(), "warning", ("the tick of 10:00 never ran",)),
        (_line(killed=["10:00"]), _line(), "warning", ("the tick of 10:00 was killed",)),
        (_line(backfill_failed="backfill 3 stopped", status="models_failed"), _line(), "failure", ("backfill 3",)),
        (_line(), _line(source_errors={"app": "down"}), "success", ("well again", "over: source app")),
        (_line(status="stopped"), _line(source_errors={"app": "down"}), None, ()),
    ],
)  # fmt: skip
def test_news_is_what_was_not_so_before(
    now: dict[str, Any], before: dict[str, Any] | None, status: str | None, words: tuple[str, ...]
) -> None:
    told = news(now, before)
    assert (told[0].value if told else None) == status
    assert all(word in told[1] for word in words) if told else not words


def test_the_real_configuration_takes_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORTHSTAR_SLACK_WEBHOOK", "https://hooks.example/services/x")
    config = load_config_from_yaml(ROOT / "config.yaml")
    assert [target["type"] for target in config["notification_targets"]] == ["slack_webhook"]
    monkeypatch.delenv("NORTHSTAR_SLACK_WEBHOOK")
    assert "notification_targets" not in load_config_from_yaml(ROOT / "config.yaml")
