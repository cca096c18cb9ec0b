"""What is known of each source: how far it was read and sealed, how old that is, and what went wrong last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from northstar.clock import from_naive_utc
from northstar.ingest.ledger import WHOLE_BATCH
from northstar.ingest.registry import configured
from northstar.statements import Statements, rows_if_there


@dataclass(frozen=True)
class SourceState:
    """One source as the warehouse knows it."""

    source: str
    is_configured: bool
    cursor: str | None
    """The cursor of the last load as JSON: opaque, but a person sees whether it moves."""
    read_up_to: datetime | None
    sealed_through: datetime | None
    lag_seconds: float | None
    """From the last seal to now."""
    last_error: str | None
    """What went wrong at the last tick, None when it went well."""

    def as_line(self) -> dict[str, Any]:
        """The state for machines."""
        moments = {"read_up_to": self.read_up_to, "sealed_through": self.sealed_through}
        return asdict(self) | {name: moment and moment.isoformat() for name, moment in moments.items()}

    def as_row(self) -> tuple[str, ...]:
        """The state for people."""
        return (
            self.source,
            f"{self.sealed_through:%Y-%m-%d %H:%M}" if self.sealed_through else "never",
            "" if self.lag_seconds is None else duration(self.lag_seconds),
            f"{self.read_up_to:%Y-%m-%d %H:%M}" if self.read_up_to else "never",
            self.last_error or ("" if self.is_configured else "not configured here"),
            self.cursor or "",
        )


def duration(seconds: float) -> str:
    """A span of time in its two largest units: ``4 d 17 h``, ``12 min``."""
    minutes = int(seconds // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def source_state(connection: Statements, source: str, environment: Mapping[str, str], now: datetime) -> SourceState:
    """Read the state of one source from the ledger, the seals and the tick log."""
    load = _row(
        connection,
        "SELECT cursor_after, source_as_of FROM ops.load_ledger WHERE source = ? AND object = ? "
        "ORDER BY batch_no DESC LIMIT 1",
        [source, WHOLE_BATCH],
    )
    seal = _row(connection, "SELECT max(sealed_through) FROM ops.source_seal WHERE source = ?", [source])
    tick = _row(
        connection,
        "SELECT detail FROM ops.tick_log WHERE status NOT IN ('missed', 'running', 'killed') "
        "ORDER BY started_at DESC, tick_at DESC LIMIT 1",
        [],
    )
    sealed = from_naive_utc(seal[0]) if seal and seal[0] else None
    return SourceState(
        source=source,
        is_configured=source in configured(environment),
        cursor=load[0] if load else None,
        read_up_to=from_naive_utc(load[1]) if load else None,
        sealed_through=sealed,
        lag_seconds=(now - sealed).total_seconds() if sealed else None,
        last_error=json.loads(tick[0])["source_errors"].get(source) if tick else None,
    )


def _row(connection: Statements, query: str, parameters: list[Any]) -> tuple[Any, ...] | None:
    """The first row, or None also where the table is not there yet."""
    return next(iter(rows_if_there(connection, query, parameters)), None)
