"""A warehouse of the real models of history alone, whose intervals are evaluated one by one.

SQLMesh's own evaluator writes and audits each interval, as a tick has it do.  What it sends for an interval is kept and
sent again for the next example, as making the statements takes a hundred times as long as a small interval itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from change_logs import ENTITIES, SPECIALTIES, TICKS, Entity, Told
from history_oracle import Row
from slices import copy_slice

from northstar.engine import TransactionalDuckDB
from northstar.settings import Settings
from northstar.simulator.services import settings_under
from northstar.warehouse import Warehouse

MIDNIGHT = datetime(2026, 1, 2)
HALF_HOUR = timedelta(minutes=30)


class HistoryLab:
    """The three dimensions that are made from the app's log, and what they are made from."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.connection = warehouse.connection
        self._context = warehouse.context
        self._snapshots = {snapshot.name: snapshot for snapshot in self._context.snapshots.values()}
        self._sent: dict[tuple[str, int, int], tuple[list[str], list[str]]] = {}
        rows = [
            {"specialty_code": code, "name": name, "grouping": group} for code, (name, group) in SPECIALTIES.items()
        ]
        land(self, "directory__specialties", [_stamped(row, number) for number, row in enumerate(rows)])
        self.evaluate("intermediate.int_directory__specialty_change", 0, 1)
        self.evaluate("intermediate.int_directory__specialty_change_audited", 0, 1)

    def clear(self, entity: Entity) -> None:
        """Forget all that was told of a table and made from it."""
        for table in (f"raw_app.{entity.table}", entity.change, f"{entity.change}_audited"):
            self.connection.execute(f"DELETE FROM {self.physical(table)}")

    def land(self, entity: Entity, told: Told, tick: int, backwards: bool = False) -> None:
        """Write what arrives in a tick into raw, in an order of files that means nothing."""
        arriving = [
            {
                **change.image, entity.key: change.key, "_op": change.operation, "_commit_lsn": change.lsn,
                "_seq": change.seq, "_commit_ts": change.committed_at, "updated_at": change.updated_at,
                "_loaded_at": MIDNIGHT + tick * HALF_HOUR + timedelta(minutes=29),
            }
            for change, arrives in zip(told.log, told.ticks, strict=True) if arrives == tick
        ]  # fmt: skip
        land(self, entity.table, arriving[::-1] if backwards else arriving)

    def tick(self, entity: Entity, first: int, behind: int | None = None) -> None:
        """Build what the ticks from ``first`` to before ``behind`` brought, and note that it passed its audits."""
        behind = first + 1 if behind is None else behind
        self.evaluate(entity.change, first, behind)
        self.evaluate(f"{entity.change}_audited", first, behind)

    def evaluate(self, model: str, first: int, behind: int) -> None:
        """Have an interval of a model written and audited."""
        writes, audits = self._sent.get((model, first, behind)) or self._statements(model, first, behind)
        for statement in writes:
            self.connection.execute(statement)
        for statement in audits:
            assert self.connection.execute(statement).fetchall() == [(0,)], statement

    def _statements(self, model: str, first: int, behind: int) -> tuple[list[str], list[str]]:
        """What SQLMesh sends to write an interval, and to audit it."""
        snapshot = self._context.get_snapshot(model, raise_if_missing=True)
        interval: dict[str, Any] = {
            "snapshots": self._snapshots,
            "start": MIDNIGHT + first * HALF_HOUR,
            "end": MIDNIGHT + behind * HALF_HOUR,
            "execution_time": MIDNIGHT + TICKS * HALF_HOUR,
        }
        with _sent() as statements:
            self._context.snapshot_evaluator.evaluate(snapshot, **interval)
        writes = [statement for statement in statements if statement.startswith(("DELETE", "INSERT"))]
        with _sent() as statements:
            results = self._context.snapshot_evaluator.audit(snapshot, **interval)
        audits = [statement for statement in statements if statement.startswith("SELECT COUNT(*)")]
        assert (len(writes), len(audits)) == (2, len(results)), (writes, statements)
        return self._sent.setdefault((model, first, behind), (writes, audits))

    def physical(self, name: str) -> str:
        """The table behind a model; a raw table is its own."""
        return name if name.startswith("raw_") else str(self._context.table_name(name, "prod")).replace('"', "")

    def rows(self, query: str, parameters: Sequence[Any] | None = None) -> list[Row]:
        """Rows of the warehouse."""
        cursor = self.connection.execute(query, parameters)
        names = [column[0].lower() for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def dimension(self, entity: Entity) -> list[Row]:
        """Every version but the unknown member's, with its natural key called ``key``."""
        rows = self.rows(f"SELECT * FROM {entity.dimension} WHERE {entity.key} <> -1")
        return [{**row, "key": row[entity.key]} for row in rows]

    def log(self, entity: Entity) -> dict[datetime, list[Row]]:
        """The rows of the audited log in a fixed order, by the time of their load."""
        found: dict[datetime, list[Row]] = {}
        for row in self.rows(f"SELECT * FROM {entity.change} ORDER BY ALL"):
            found.setdefault(row["loaded_at"], []).append(row)
        return found


@contextmanager
def _sent() -> Iterator[list[str]]:
    """The statements that SQLMesh sends in the block."""
    statements: list[str] = []
    execute = TransactionalDuckDB._execute

    def noted(self: TransactionalDuckDB, sql: str, *args: Any, **kwargs: Any) -> None:
        statements.append(sql)
        execute(self, sql, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionalDuckDB, "_execute", noted)
        yield statements


def _stamped(row: Row, number: int) -> Row:
    return {**row, "_op": "R", "_commit_lsn": 1, "_seq": number, "_commit_ts": MIDNIGHT, "_loaded_at": MIDNIGHT}


def land(lab: HistoryLab, table: str, rows: Iterable[Row]) -> None:
    """Append rows to a raw table."""
    listed = list(rows)
    if listed:
        names = list(dict.fromkeys(name for row in listed for name in row))
        # A column in which all is NULL has no type that DuckDB knows, and none is needed
        columns = {name: pa.array([row.get(name) for row in listed]) for name in names}
        arrived = pa.table({name: values for name, values in columns.items() if values.null_count < len(listed)})
        lab.connection.register("arrived", arrived)
        lab.connection.execute(f"INSERT INTO raw_app.{table} BY NAME SELECT * FROM arrived")
        lab.connection.unregister("arrived")


@contextmanager
def open_history(home: Path, *more: str) -> Iterator[HistoryLab]:
    """A warehouse of the three dimensions and ``more`` models, none of which has run."""
    copy_slice(home / "project", *(entity.dimension for entity in ENTITIES), *more)
    environment = {"NORTHSTAR_PROJECT": str(home / "project"), **settings_under(home)}
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment.items():
            patch.setenv(variable, value)
        with Warehouse(Settings.from_environment(environment)) as warehouse:
            warehouse.initialise((MIDNIGHT + HALF_HOUR).replace(tzinfo=UTC))
            yield HistoryLab(warehouse)
