"""Create the app's database: the tables that matter, and the many others that a grown app has."""

from __future__ import annotations

from pathlib import Path

import psycopg

from northstar.simulator.oltp import extra_tables as extra

FILES = ("modelled.sql", "billing.sql", "insurance.sql", "office.sql", "indexes.sql")


def create_schema(dsn: str, extra_tables: int = 1160) -> None:
    """Create all tables, empty, in an empty database: about 40 that matter and ``extra_tables`` others."""
    folder = Path(__file__).parent
    script = [(folder / name).read_text(encoding="utf-8") for name in FILES]
    script += extra.statements(extra_tables)
    with psycopg.connect(dsn) as conn:
        conn.execute("\n".join(script).encode())
