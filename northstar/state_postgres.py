"""The PostgreSQL database that keeps SQLMesh's state, and Northstar's beside it, when there is one."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg.conninfo import make_conninfo

SCHEMA = "northstar"
"""Where Northstar keeps its own tables beside SQLMesh's."""


def state_conninfo(environment: Mapping[str, str]) -> str | None:
    """How to connect, by the ``NORTHSTAR_STATE_*`` variables; None when state is kept in a DuckDB file."""
    host = environment.get("NORTHSTAR_STATE_HOST")
    if not host:
        return None
    return make_conninfo(
        host=host,
        port=environment.get("NORTHSTAR_STATE_PORT") or "5432",
        user=environment.get("NORTHSTAR_STATE_USER") or None,
        password=environment.get("NORTHSTAR_STATE_PASSWORD") or None,
        dbname=environment.get("NORTHSTAR_STATE_DATABASE") or "sqlmesh",
        connect_timeout="10",
        keepalives_idle="30",
        keepalives_interval="10",
        keepalives_count="3",
        application_name="northstar",
    )
