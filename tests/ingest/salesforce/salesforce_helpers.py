"""A warehouse that reads a simulated org, and the comparison of both."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from northstar.clock import next_boundary, to_naive_utc
from northstar.ingest.contract import Batch
from northstar.ingest.duckdb_sink import DuckDBSink, connect, quoted
from northstar.ingest.http import Retries
from northstar.ingest.landing import LandingZone
from northstar.ingest.runner import IngestReport, ingest
from northstar.ingest.salesforce.fields import snake_case
from northstar.ingest.salesforce.session import Login
from northstar.ingest.salesforce.settings import OBJECTS, Settings
from northstar.ingest.salesforce.source import SalesforceSource
from northstar.simulator.salesforce import Org, SalesforceServer
from northstar.simulator.salesforce.org import stored_fields

QUICK = Settings(poll_pause=0.01)
EAGER = Retries(attempts=4, first_wait=0.01, longest_wait=0.02)


def login_to(server: SalesforceServer) -> Login:
    found = server.environment()
    return Login(
        found["NORTHSTAR_SALESFORCE_LOGIN_URL"],
        found["NORTHSTAR_SALESFORCE_CLIENT_ID"],
        found["NORTHSTAR_SALESFORCE_CLIENT_SECRET"],
        found["NORTHSTAR_SALESFORCE_CA_FILE"],
    )


class Warehouse:
    """A DuckDB warehouse with one source."""

    def __init__(self, directory: Path, server: SalesforceServer, **settings: Any) -> None:
        self.directory = directory
        self.server = server
        self.settings = replace(QUICK, **settings)
        self.landing = LandingZone(str(directory / "landing"))
        self.connection = connect(directory / "warehouse.duckdb")
        self.sink = DuckDBSink(self.connection, self.landing)
        self.source = SalesforceSource(login_to(server), self.settings, EAGER)
        self.boundary = next_boundary(server.org.now)

    def read(self, **settings: Any) -> IngestReport:
        """Ingest one tick, with other settings from now on if any are given."""
        if settings:
            self.settings = replace(self.settings, **settings)
            self.source.close()
            self.source = SalesforceSource(login_to(self.server), self.settings, EAGER)
        report = ingest(self.source, self.sink, self.landing, self.boundary)
        self.boundary += timedelta(minutes=30)
        return report

    def batches(self) -> list[Batch]:
        """Read to the end without sealing; the batches as they were loaded."""
        done = []
        loaded_at = self.boundary - timedelta(seconds=1)
        for batch in self.source.read(self.sink.ledger("salesforce"), self.landing, loaded_at):
            self.sink.load("salesforce", batch, loaded_at)
            done.append(batch)
        return done

    def state(self, name: str) -> dict[str, Any]:
        cursor = self.sink.ledger("salesforce").cursor
        assert cursor is not None
        found: dict[str, Any] = cursor["objects"][name]
        return found

    def changes(self, name: str, id: str) -> list[str]:
        """The ops of a record, oldest first."""
        sql = f"SELECT _op FROM raw_salesforce.{snake_case(name)} WHERE id = ? ORDER BY _seq"
        return [op for (op,) in self.connection.execute(sql, [id]).fetchall()]

    def close(self) -> None:
        self.source.close()
        self.sink.close()


def live_in_raw(connection: duckdb.DuckDBPyConnection, org: Org, name: str) -> dict[str, dict[str, Any]]:
    """The last state of every record that raw holds as live, in the fields that the org shows."""
    columns = [snake_case(f.name) for f in stored_fields(org.objects[name])]
    wanted = ", ".join(quoted(c) for c in columns)
    rows = connection.execute(
        f"SELECT {wanted} FROM (SELECT * FROM raw_salesforce.{snake_case(name)} "
        "QUALIFY row_number() OVER (PARTITION BY id ORDER BY _seq DESC) = 1) WHERE _op <> 'D'"
    ).fetchall()
    return {row[columns.index("id")]: dict(zip(columns, row, strict=True)) for row in rows}


def live_in_org(org: Org, name: str) -> dict[str, dict[str, Any]]:
    """The records outside the recycle bin, as raw types them."""
    fields = stored_fields(org.objects[name])
    ids = org.ids(name, '"IsDeleted" = 0' if "IsDeleted" in org.objects[name].fields else "TRUE")
    return {
        id: {snake_case(f.name): _as_raw(f.type, f.precision, f.scale, v) for f, v in zip(fields, row, strict=True)}
        for id, row in zip(ids, org.fetch(name, ids, fields), strict=True)
    }


def _as_raw(kind: str, precision: int, scale: int, value: Any) -> Any:
    if value is None:
        return None
    if kind == "boolean":
        return bool(value)
    if kind == "datetime":
        return to_naive_utc(datetime.fromisoformat(value))
    if kind == "date":
        return date.fromisoformat(value)
    if kind in ("currency", "double", "percent") and precision:
        return Decimal(repr(value)).quantize(Decimal(1).scaleb(-scale))
    return value


def assert_equal(warehouse: Warehouse, objects: tuple[str, ...] = OBJECTS) -> None:
    """Raw holds what the org holds, object by object, and every change once."""
    org = warehouse.server.org
    for name in objects:
        assert live_in_raw(warehouse.connection, org, name) == live_in_org(org, name), name
        assert_once(warehouse.connection, name)


def assert_once(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """No row is there twice, none was skipped in the order, and no record's state follows itself."""
    table = f"raw_salesforce.{snake_case(name)}"
    count, distinct, last = connection.execute(
        f"SELECT count(*), count(DISTINCT _seq), coalesce(max(_seq), 0) FROM {table}"
    ).fetchall()[0]
    assert count == distinct == last, name
    repeated = connection.execute(
        f"SELECT id FROM {table} QUALIFY _content_hash = lag(_content_hash) OVER (PARTITION BY id ORDER BY _seq)"
    ).fetchall()
    assert repeated == [], name
