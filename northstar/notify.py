"""Telling people: through SQLMesh's notification targets, which config.yaml makes from the environment, and Amazon SNS.

A tick tells of what is new: a source or a model that begins to fail, ticks that were missed or killed, and that all is
well again.  That a target is out of reach is logged, and never fails what is told of.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any, cast

import boto3
from sqlmesh.core.notification_target import BaseNotificationTarget, GenericNotificationTarget, NotificationStatus

from northstar.lock.owner import elapsed

_log = logging.getLogger("northstar.notify")

_PATIENCE_SECONDS = 30.0
"""How long all targets together may take; SQLMesh's have no time limit of their own."""


class SnsNotificationTarget(GenericNotificationTarget, frozen=True):  # type: ignore[misc]
    """Publishes to a topic of Amazon SNS."""

    topic_arn: str

    def send(self, notification_status: NotificationStatus, msg: str, **kwargs: Any) -> None:
        """Publish a message; its first line is the subject."""
        subject = f"Northstar {notification_status.value}: {msg.splitlines()[0]}"[:100]
        boto3.client("sns", region_name=self.topic_arn.split(":")[3]).publish(
            TopicArn=self.topic_arn, Subject=subject, Message=msg
        )


class Notifier:
    """All targets of one warehouse."""

    def __init__(self, configured: Sequence[object], environment: Mapping[str, str]) -> None:
        """``configured`` are the targets of SQLMesh's configuration."""
        self._targets = [cast(BaseNotificationTarget, target) for target in configured]
        topic = environment.get("NORTHSTAR_SNS_TOPIC_ARN")
        if topic:
            self._targets.append(SnsNotificationTarget(topic_arn=topic))

    def tell(self, status: NotificationStatus, message: str) -> None:
        """Send a message to every target, side by side; give up on those that take too long."""
        threads = [
            threading.Thread(target=self._send, args=(target, status, message), daemon=True) for target in self._targets
        ]
        for thread in threads:
            thread.start()
        deadline = elapsed() + _PATIENCE_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - elapsed()))
            if thread.is_alive():
                _log.error("notification_timed_out")

    @staticmethod
    def _send(target: BaseNotificationTarget, status: NotificationStatus, message: str) -> None:
        try:
            target.send(status, message)
        except Exception as error:  # whatever a client library raises; its text may hold the webhook's secret address
            _log.error("notification_failed", extra={"target": target.type_, "error": type(error).__name__})


def news(line: Mapping[str, Any], before: Mapping[str, Any] | None) -> tuple[NotificationStatus, str] | None:
    """What is new in a tick's line, given the line of the last tick that ended; None when nothing is."""
    now, then = _problems(line), _problems(before or {})
    lost = [f"the tick of {boundary} never ran" for boundary in line["missed"]]
    lost += [f"the tick of {boundary} was killed" for boundary in line["killed"]]
    fresh = [told for what, told in now.items() if what not in then]
    if fresh or lost:
        parts = [f"tick {line['tick']}: {line['status']}", *fresh, *_some(lost)]
        parts += [f"still: {told}" for what, told in now.items() if what in then]
        if line["models_skipped"]:
            parts.append(f"{len(line['models_skipped'])} models wait for those that failed")
        parts.append(f"See northstar status, and run {line['run_id']} in the logs.")
        return NotificationStatus.FAILURE if now else NotificationStatus.WARNING, "\n".join(parts)
    if then and not now and line["status"] == "ok":
        over = [f"over: {told}" for told in then.values()]
        return NotificationStatus.SUCCESS, "\n".join([f"tick {line['tick']}: all is well again", *over])
    return None


def _problems(line: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """What is wrong, by what it concerns."""
    found = {("source", name): f"source {name}: {why}" for name, why in line.get("source_errors", {}).items()}
    found |= {("model", name): f"model {name}: {why}" for name, why in line.get("models_failed", {}).items()}
    for what in ("backfill_failed", "error"):
        if line.get(what):
            found[what, ""] = str(line[what])
    return found


def _some(lines: Sequence[str], most: int = 5) -> list[str]:
    return [*lines[:most], *([f"and {len(lines) - most} more"] if len(lines) > most else [])]
