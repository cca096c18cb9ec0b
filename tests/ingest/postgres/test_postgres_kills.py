"""The reader killed at each of its steps, and the server crashed, while the application works.

After it all raw holds each change exactly once and replays to what the source holds.
"""

from __future__ import annotations

import random
import signal
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from postgres_helpers import Reader, Warehouse
from traffic import TABLES, Traffic, create_tables

from northstar.simulator.postgres_server import PostgresServer

# The first batch of a first run is the intent, the second the snapshot.
FIRST_RUN = (
    "after_read", "after_commit", "before_slot", "after_slot", "in_snapshot:3", "before_commit:2", "after_commit:2",
)  # fmt: skip
STREAM = (
    "after_publication", "after_file:2", "after_peek", "after_read", "in_load", "before_commit", "after_commit",
    "after_acknowledge", "after_seal",
)  # fmt: skip
READING_AGAIN = ("in_snapshot", "before_commit:2", "after_commit:2")


def kill(warehouse: Warehouse, reader: Reader, failpoint: str) -> None:
    """Read the source in a process that dies there."""
    outcome = warehouse.tick_apart(reader, failpoint)
    assert outcome.exit_code == -signal.SIGKILL, f"{failpoint}: {outcome}"


def succeed(warehouse: Warehouse, reader: Reader) -> None:
    outcome = warehouse.tick_apart(reader)
    assert outcome.exit_code == 0, outcome


def test_killed_at_each_step(
    app: psycopg.Connection[Any], warehouse: Warehouse, reader: Reader, postgres_server: PostgresServer
) -> None:
    create_tables(app)
    with Traffic(warehouse.settings.dsn) as traffic:
        for failpoint in FIRST_RUN:
            kill(warehouse, reader, failpoint)
        succeed(warehouse, reader)
        for number, failpoint in enumerate(STREAM):
            kill(warehouse, reader, failpoint)
            if number == 6:
                # The slot's position goes back: what was acknowledged last is delivered again.
                postgres_server.crash()
                postgres_server.start()
        with psycopg.connect(warehouse.settings.dsn, autocommit=True) as migration:
            create_tables(migration, ("fresh",))
            migration.execute("INSERT INTO fresh VALUES (1, 'v', 1, 'b'); ALTER TABLE t1 ADD COLUMN d int DEFAULT 7")
        for failpoint in READING_AGAIN:
            kill(warehouse, reader, failpoint)
    succeed(warehouse, reader)
    assert traffic.transactions > 200
    warehouse.check(*TABLES, "fresh")
    assert warehouse.query("SELECT count(*) FROM ops.source_notice WHERE kind = 'slot_lost'") == [(0,)]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(2))
def test_killed_again_and_again(
    app: psycopg.Connection[Any], warehouse: Warehouse, reader: Reader, postgres_server: PostgresServer, seed: int
) -> None:
    """Steps, sizes of batches, crashes, migrations and lost slots by chance."""
    dice = random.Random(seed)
    create_tables(app)
    killed = 0
    with Traffic(warehouse.settings.dsn, seed=seed) as traffic:
        for round_number in range(40):
            failpoint = dice.choice(FIRST_RUN + STREAM).partition(":")[0]
            warehouse.settings = replace(warehouse.settings, batch_messages=dice.choice([20, 200, 500_000]))
            outcome = warehouse.tick_apart(reader, f"{failpoint}:{dice.choice([1, 1, 2, 5])}")
            assert outcome.exit_code in (0, -signal.SIGKILL), outcome
            killed += outcome.exit_code != 0
            if dice.random() < 0.15:
                postgres_server.crash()
                postgres_server.start()
            if dice.random() < 0.2:
                migrate(warehouse.settings.dsn, dice, round_number)
    succeed(warehouse, reader)
    assert killed > 15
    assert traffic.transactions > 2000
    warehouse.check(*TABLES)


def migrate(dsn: str, dice: random.Random, number: int) -> None:
    """Change a table under the traffic, or lose the slot."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        table = dice.choice(TABLES)
        statement = dice.choice(
            [
                f"ALTER TABLE {table} ADD COLUMN c{number} int DEFAULT {number}",
                f"ALTER TABLE {table} ADD COLUMN c{number} int",
                f"ALTER TABLE {table} ALTER v TYPE text USING v || 'x'",
                f"ALTER TABLE {table} ALTER n TYPE numeric(12, 2) USING n + 1",
                f"VACUUM FULL {table}",
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
                "WHERE slot_name = 'northstar' AND NOT active",
            ]
        )
        connection.execute(statement)
