"""``northstar ingest`` against all four systems at once, one of which refuses at first."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from northstar.simulator.company import Company
from northstar.simulator.oltp.schema import create_schema
from northstar.simulator.oltp.seed import seed
from northstar.simulator.postgres_server import PostgresServer
from northstar.simulator.services import Services, settings_under

ANCHOR = datetime(2026, 11, 4, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    company = Company(seed=7, scale=0.02, anchor=ANCHOR)
    with PostgresServer() as server:
        create_schema(server.dsn(), extra_tables=20)
        seed(server.dsn(), company)
        with Services(server.dsn(), company, ANCHOR) as running:
            yield running


def _ingest(services: Services, home: Path, **settings: str) -> tuple[int, dict[str, str]]:
    """The exit code, and the last cells of each source's row in the table that is printed."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "northstar"), "ingest"],
        env={**os.environ, **settings_under(home), **services.environment(), "COLUMNS": "200", **settings},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    rows = re.findall(r"^│ (app|stripe|salesforce|partner) +│(.*)│$", done.stderr, re.M)
    assert len(rows) == 4, done.stderr
    return done.returncode, {name: cells for name, cells in rows}


def _landed(home: Path) -> dict[str, int]:
    with duckdb.connect(str(home / "northstar.duckdb"), read_only=True) as connection:
        return dict(
            connection.execute(
                "SELECT source, sum(row_count)::BIGINT FROM ops.load_ledger WHERE object = '*' GROUP BY source"
            ).fetchall()
        )


def test_all_sources_land_and_one_that_refuses_stops_no_other(services: Services, tmp_path: Path) -> None:
    code, rows = _ingest(services, tmp_path, NORTHSTAR_STRIPE_API_KEY="sk_live_revoked")
    assert code == 3
    assert "ok" not in rows["stripe"] and "Stripe" in rows["stripe"]
    assert all(rows[name].rstrip().endswith("ok") for name in ("app", "salesforce", "partner"))
    first = _landed(tmp_path)
    assert all(first[name] > 0 for name in ("app", "salesforce", "partner"))

    code, rows = _ingest(services, tmp_path)
    assert code == 0
    again = _landed(tmp_path)
    assert again["stripe"] > 0
    assert {name: again[name] for name in first if name != "stripe"} == {
        name: first[name] for name in first if name != "stripe"
    }, "what did not change is not landed twice"
