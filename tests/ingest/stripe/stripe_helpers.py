"""What the tests of the Stripe source share: a warehouse to land in, and the account's state to compare it with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from northstar.clock import TICK
from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.http import Retries
from northstar.ingest.landing import LandingZone
from northstar.ingest.runner import IngestReport, ingest
from northstar.ingest.stripe import StripeSource
from northstar.ingest.stripe.columns import OBJECTS
from northstar.simulator.stripe import Store, StripeServer

ANCHOR = datetime(2026, 11, 2, tzinfo=UTC)
PATIENT = Retries(attempts=4, first_wait=0.01, longest_wait=0.02)


@dataclass
class Warehouse:
    """A DuckDB warehouse with its landing zone, into which one account is read tick by tick."""

    root: Path
    boundary: datetime = ANCHOR + TICK
    source: StripeSource | None = None
    connection: duckdb.DuckDBPyConnection = field(init=False)

    def __post_init__(self) -> None:
        self.landing = LandingZone(str(self.root / "landing"))
        self.connection = connect(self.root / "warehouse.db")
        self.sink = DuckDBSink(self.connection, self.landing)

    def tick(self, server: StripeServer, **options: Any) -> IngestReport:
        """Read everything there is, and seal; :attr:`source` is what read it."""
        options = {"retries": PATIENT, "key": server.live_key} | options
        self.source = StripeSource(base=server.url, **options)
        report = ingest(self.source, self.sink, self.landing, self.boundary)
        self.boundary += TICK
        return report

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query answers."""
        return self.connection.execute(sql).fetchall()

    def tables(self) -> set[str]:
        """The raw tables that exist."""
        return {
            name for (name,) in self.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw_stripe'")
        }

    def current(self, object: str) -> dict[str, Any]:
        """The last landed state of each object that was not deleted, by id."""
        if object not in self.tables():
            return {}
        rows = self.rows(
            f"SELECT id, _payload FROM raw_stripe.{object} "
            "QUALIFY row_number() OVER (PARTITION BY id ORDER BY _seq DESC) = 1 AND _op <> 'D'"
        )
        return {identifier: json.loads(payload) for identifier, payload in rows}

    def numbers(self) -> list[int]:
        """``_seq`` of every row of every table."""
        union = " UNION ALL ".join(f"SELECT _seq FROM raw_stripe.{name}" for name in self.tables())
        return sorted(number for (number,) in self.rows(union))

    def events(self) -> list[str]:
        """Events landed for an object of their own, in the order of ``_seq``."""
        union = " UNION ALL ".join(
            f"SELECT _seq, _event_id FROM raw_stripe.{name} WHERE _event_type IS NOT NULL"
            + (" AND _event_type LIKE 'customer.discount.%'" if name == "discount" else "")
            for name in self.tables()
            if name == "discount" or not OBJECTS[name].is_nested
        )
        return [event for _, event in self.rows(f"SELECT * FROM ({union}) ORDER BY 1")]

    def close(self) -> None:
        self.sink.close()


def plain(value: Any) -> Any:
    """A value as it looks after a way through JSON."""
    return json.loads(json.dumps(value))


def state_of(store: Store, livemode: bool = True) -> dict[str, dict[str, Any]]:
    """What raw should hold, by object and id, taken from the account itself."""
    state: dict[str, dict[str, Any]] = {name: {} for name in OBJECTS}
    for kind, rows in store.kinds.items():
        if kind not in state:
            continue
        for row in rows:
            if row.get("livemode", True) != livemode:
                continue
            shown = plain(row)
            for line in shown.pop("lines", []) if kind == "invoice" else []:
                state["invoice_line_item"][line["id"]] = line
            if kind == "subscription":
                for item in shown.pop("items"):
                    state["subscription_item"][item["id"]] = item
                for discount in shown["discounts"]:
                    state["discount"][discount["id"]] = discount
                shown["discounts"] = [discount["id"] for discount in shown["discounts"]]
            if kind == "payout" and row["reconciliation_status"] == "completed":
                for member in store.paid_out.get(row["id"], []):
                    state["payout_transaction"][member] = {"id": member, "payout": row["id"]}
            state[kind][shown["id"]] = shown
    return state


def assert_equal(warehouse: Warehouse, store: Store, livemode: bool = True) -> None:
    """Raw's current state is the account's, in every object; every row is numbered once and none is missing."""
    for object, expected in state_of(store, livemode).items():
        landed = warehouse.current(object)
        assert landed.keys() == expected.keys(), object
        for identifier, body in expected.items():
            assert landed[identifier] == body, (object, identifier)
    assert warehouse.numbers() == list(range(1, len(warehouse.numbers()) + 1))


def landed_events(store: Store, after: str | None = None) -> list[str]:
    """Live events of landed objects, oldest first, after one of them."""
    events = [event for event in store.kinds["event"]]
    start = 0 if after is None else next(n for n, event in enumerate(events) if event["id"] == after) + 1
    return [
        event["id"] for event in events[start:] if event["livemode"] and event["data"]["object"]["object"] in OBJECTS
    ]


def live(world: Any, **span: float) -> None:
    """Let a world go on."""
    now = world.store.moment()
    world.advance(now, now + timedelta(**span))
