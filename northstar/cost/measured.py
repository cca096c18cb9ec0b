"""What ticks have written, and what the tables of it take: measured on a DuckDB warehouse, kept in a file."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
from sqlmesh import Context

FILE = Path("infra/snowflake/measured.json")
_PHYSICAL = re.compile(r"sqlmesh__\w+\"?\.\"?(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Measure:
    """One stored model."""

    rows: int
    bytes: int
    """On DuckDB's disk, which is compressed about as Snowflake's micro-partitions are."""
    rows_a_run: float
    """Written by a run after the first load."""
    runs_a_day: float
    audits: int
    """Statements of its audits in a run."""


@dataclass(frozen=True)
class Measured:
    """One warehouse."""

    ticks: int
    """Ticks after the first load."""
    landed_a_tick: float
    """Rows that came into raw in a tick."""
    raw_rows: int
    raw_bytes: int
    views: int
    audits_of_views: float
    """Statements of audits on views in a tick."""
    models: dict[str, Measure]


def load(project: Path) -> Measured:
    """Read the file."""
    found = json.loads((project / FILE).read_text(encoding="utf-8"))
    return Measured(**{**found, "models": {name: Measure(**one) for name, one in found["models"].items()}})


def save(project: Path, measured: Measured) -> None:
    """Write the file."""
    text = json.dumps(asdict(measured), indent=1, sort_keys=True)
    (project / FILE).write_text(text + "\n", encoding="utf-8")


def measure(context: Context, connection: duckdb.DuckDBPyConnection) -> Measured:
    """Look at a warehouse on which some ticks have run.  Raises ValueError when there are none after the first load."""
    ticks = connection.execute(
        "SELECT rows_landed, detail FROM ops.tick_log WHERE status = 'ok' ORDER BY tick_at"
    ).fetchall()[1:]
    if not ticks:
        raise ValueError("the warehouse has seen no tick after its first load: nothing to measure")
    rows: dict[str, int] = defaultdict(int)
    audits: dict[str, int] = defaultdict(int)
    runs: dict[str, int] = defaultdict(int)
    for _, detail in ticks:
        for model in json.loads(detail)["models"]:
            rows[model["model"]] += model["rows"]
            audits[model["model"]] += model["audits_passed"]
            runs[model["model"]] += 1
    sizes, behind = _sizes(connection), _behind(connection)
    stored, of_views, views = {}, 0, 0
    for model in context.models.values():
        name = ".".join(model.fqn.replace('"', "").lower().split(".")[-2:])
        if model.kind.is_external or model.kind.is_embedded:
            continue
        if model.kind.is_view:
            views, of_views = views + 1, of_views + audits[name]
            continue
        count, size = sizes.get(behind.get(name, ""), (0, 0))
        unit = model.interval_unit
        seconds = float(unit.seconds) if unit else 86_400.0
        done = max(runs[name], 1)
        stored[name] = Measure(count, size, round(rows[name] / done, 1), 86_400 / seconds, round(audits[name] / done))
    raw = [sizes[table] for table in sizes if table.startswith("raw:")]
    landed = sum(row[0] for row in ticks) / len(ticks)
    return Measured(
        len(ticks), round(landed, 1), sum(one[0] for one in raw), sum(one[1] for one in raw), views,
        round(of_views / len(ticks), 1), stored,
    )  # fmt: skip


def _behind(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The physical table behind the view of each model in prod."""
    views = connection.execute(
        "SELECT lower(schema_name || '.' || view_name), sql FROM duckdb_views() WHERE database_name = 'NORTHSTAR'"
    ).fetchall()
    found = {name: _PHYSICAL.search(sql) for name, sql in views}
    return {name: match[1] for name, match in found.items() if match}


def _sizes(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Rows and bytes by table; those of raw under ``raw:schema.table``."""
    found = {}
    for schema, table, rows in connection.execute(
        "SELECT schema_name, table_name, estimated_size FROM duckdb_tables() WHERE database_name = 'NORTHSTAR' "
        "AND estimated_size > 0 AND (schema_name LIKE 'raw\\_%' ESCAPE '\\' OR schema_name LIKE 'sqlmesh%')"
    ).fetchall():
        quoted = f'"{schema}"."{table}"'.replace("'", "''")
        (blocks,) = connection.execute(
            f"SELECT count(DISTINCT block_id) FROM pragma_storage_info('{quoted}') WHERE persistent AND block_id >= 0"
        ).fetchone() or (0,)
        key = f"raw:{schema}.{table}" if schema.startswith("raw_") else table
        found[key] = (rows, blocks * 262_144)
    return found
