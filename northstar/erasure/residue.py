"""What still holds a patient after an erasure, and until when: said plainly, since no command can reach it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import psycopg

from northstar.access.account import Account
from northstar.gateway import is_snowflake
from northstar.settings import Settings

_BINDS_KEPT = timedelta(days=7)
"""How long Snowflake's function BIND_VALUES tells them."""


def residue(settings: Settings, account: Account, now: datetime, patient_id: int) -> Iterator[str]:
    """One sentence for each place."""
    yield from _on_snowflake(account, now) if is_snowflake(settings.environment) else _ON_DUCKDB
    yield _backups(settings.environment, now)
    if settings.landing.startswith("s3://"):
        yield "The landing zone's bucket keeps old versions of rewritten files if it is versioned, by its own rules."
    yield "Partners' own files are theirs; if one is sent again, its rows are unlinked on arrival."
    yield from _app(settings.environment, patient_id)


_ON_DUCKDB = (
    "DuckDB has no Time Travel; blocks that became free keep old bytes until they are written over. To be rid of "
    "them now, copy the database into a new file (ATTACH, COPY FROM DATABASE) and destroy the old one.",
)


def _on_snowflake(account: Account, now: datetime) -> Iterator[str]:
    travel = now + timedelta(days=account.time_travel_days)
    fail_safe = travel + timedelta(days=account.fail_safe_days)
    yield (
        f"Time Travel holds the old rows until {travel:%Y-%m-%d} ({account.time_travel_days} days), Fail-safe, which "
        f"only Snowflake can read, until {fail_safe:%Y-%m-%d}."
    )
    yield (
        f"The values that statements were given can be asked for until {now + _BINDS_KEPT:%Y-%m-%d}, by this user and "
        "by roles that monitor its warehouses, unless the account's ALLOW_BIND_VALUES_ACCESS is FALSE."
    )


def _backups(environment: Mapping[str, str], now: datetime) -> str:
    days = environment.get("NORTHSTAR_BACKUP_DAYS")
    if not days:
        return "Backups: nobody has said for how long they are kept (NORTHSTAR_BACKUP_DAYS); ask who makes them."
    return f"Backups made before now are kept until {now + timedelta(days=int(days)):%Y-%m-%d} ({days} days)."


def _app(environment: Mapping[str, str], patient_id: int) -> Iterator[str]:
    dsn = environment.get("NORTHSTAR_APP_DSN")
    if not dsn:
        return
    try:
        with psycopg.connect(dsn) as connection:
            found = connection.execute("SELECT 1 FROM patients.patients WHERE patient_id = %s", [patient_id]).fetchone()
    except psycopg.Error as error:
        yield f"The app could not be asked whether it still knows the patient ({type(error).__name__})."
        return
    if found:
        yield "The app still knows the patient: erase there too. Until then changes arrive, unlinked on arrival."
