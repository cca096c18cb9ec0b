"""Logs for machines: one JSON object a line, with the run that it belongs to and no data values."""

from __future__ import annotations

import contextvars
import json
import logging
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

_run_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("run_id", default=None)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}


class JsonFormatter(logging.Formatter):
    """The event's name is the message; what is known of it is in the record's extras."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        return json.dumps(_facts(record), default=str)


class TextFormatter(logging.Formatter):
    """The same for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, event, and what is known of it."""
        facts = _facts(record)
        moment, level, event = facts.pop("at"), facts.pop("level"), facts.pop("event")
        known = " ".join(f"{name}={value}" for name, value in facts.items() if name not in ("logger", "run_id"))
        return f"{str(moment)[11:19]} {str(level).lower():7} {event} {known}".rstrip()


def _facts(record: logging.LogRecord) -> dict[str, object]:
    facts: dict[str, object] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "event": record.getMessage(),
    }
    if _run_id.get():
        facts["run_id"] = _run_id.get()
    facts.update({name: value for name, value in vars(record).items() if name not in _STANDARD})
    if record.exc_info and record.exc_info[0]:
        facts["exception"] = record.exc_info[0].__name__
    return facts


def set_up(environment: Mapping[str, str]) -> None:
    """Log to standard error: JSON, or text at a terminal; ``NORTHSTAR_LOG_FORMAT`` and ``_LEVEL`` say otherwise."""
    wanted = environment.get("NORTHSTAR_LOG_FORMAT") or ("text" if sys.stderr.isatty() else "json")
    if wanted not in ("json", "text"):
        raise ValueError(f"NORTHSTAR_LOG_FORMAT is {wanted!r}; give json or text")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if wanted == "json" else TextFormatter())
    logger = logging.getLogger("northstar")
    logger.handlers[:] = [handler]
    logger.setLevel((environment.get("NORTHSTAR_LOG_LEVEL") or "INFO").upper())
    logger.propagate = False
    logging.getLogger("sqlmesh").setLevel(logging.CRITICAL)  # its messages hold SQL and may hold values


@contextmanager
def run(purpose: str) -> Iterator[str]:
    """Give everything that is logged in the block one run id, such as ``tick-5f0c2a9b1d3e``."""
    token = _run_id.set(f"{purpose}-{secrets.token_hex(6)}")
    try:
        yield _run_id.get() or ""
    finally:
        _run_id.reset(token)
