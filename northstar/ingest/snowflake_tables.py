"""Raw tables on Snowflake: their types, and how they are made to fit what comes.

Names are folded to upper case, as unquoted names in models are.  All integers are NUMBER(38, 0), which is therefore
also what a DECIMAL(38, 0) becomes; apart from that a table drifts as it does on DuckDB.  Snowflake cannot change a
number's scale, so that a column that needs another is copied to a new one, which then takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping

from northstar.ingest.contract import IngestError, LandedFile
from northstar.ingest.types import drift, duckdb_type
from northstar.snowflake_connection import Connection

_INTEGER = "NUMBER(38, 0)"
_TYPES = {
    "BOOLEAN": "BOOLEAN", "SMALLINT": _INTEGER, "INTEGER": _INTEGER, "BIGINT": _INTEGER, "FLOAT": "FLOAT",
    "DOUBLE": "FLOAT", "DATE": "DATE", "TIME": "TIME", "TIMESTAMP": "TIMESTAMP_NTZ", "VARCHAR": "VARCHAR",
    "TEXT": "VARCHAR", "INT": _INTEGER,
}  # fmt: skip
_READ_BACK = {"TEXT": "VARCHAR", "FLOAT": "DOUBLE", "TIMESTAMP_NTZ": "TIMESTAMP"}
_WIDER = "__northstar_wider"


def quoted(identifier: str) -> str:
    """An identifier as it is, quoted for Snowflake."""
    return '"' + identifier.replace('"', '""') + '"'


def name_of(identifier: str) -> str:
    """An identifier of raw: in upper case, quoted."""
    return quoted(identifier.upper())


def literal(text: str) -> str:
    """Text as a literal of Snowflake's, in which a backslash escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def column_type(duckdb: str) -> str:
    """The Snowflake type of a type as DuckDB spells it.  Raises IngestError for one that raw does not have."""
    if duckdb.startswith("DECIMAL("):
        precision, scale = duckdb[8:-1].split(",")
        return f"NUMBER({int(precision)}, {int(scale)})"
    try:
        return _TYPES[duckdb]
    except KeyError:
        raise IngestError(f"raw on Snowflake has no column type for {duckdb}; land it as text") from None


def _read_back(kind: str, precision: int | None, scale: int | None) -> str:
    """A column's type as drift compares it: DuckDB's spelling, the widest of those that Snowflake stores alike."""
    if kind == "NUMBER":
        return "BIGINT" if (precision, scale) == (38, 0) else f"DECIMAL({precision},{scale})"
    return _READ_BACK.get(kind, kind)


def _incoming(file: LandedFile) -> dict[str, str]:
    kinds = {field.name.lower(): duckdb_type(field.type) for field in file.schema}
    if len(kinds) != len(file.schema):
        raise IngestError(f"{file.object}: two columns differ only in the case of their names")
    return {name: "BIGINT" if kind == "DECIMAL(38,0)" else kind for name, kind in kinds.items()}


class RawTables:
    """The raw tables of one source."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection, self._schema = connection, name_of(schema)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self._schema}")
        self._columns: dict[str, dict[str, str]] = {}
        for table, column, kind, precision, scale in connection.execute(
            "SELECT table_name, column_name, data_type, numeric_precision, numeric_scale "
            "FROM information_schema.columns WHERE table_schema = ?",
            [schema.upper()],
        ).fetchall():
            self._columns.setdefault(table, {})[column.lower()] = _read_back(kind, precision, scale)

    def declare(self, object: str, columns: Mapping[str, str]) -> None:
        """Create a table unless it is there."""
        if object.upper() not in self._columns:
            self._create(object, columns)

    def fit(self, file: LandedFile) -> dict[str, str]:
        """Create or alter a table so that a file fits; returns which columns are parked where."""
        incoming = _incoming(file)
        existing = self._columns.get(file.object.upper())
        if existing is None:
            self._create(file.object, incoming)
            return {}
        self._heal(file.object, existing)
        changes = drift(existing, incoming)
        for name, kind in changes.add.items():
            self._alter(file.object, f"ADD COLUMN {name_of(name)} {column_type(kind)}")
        for name, kind in changes.widen.items():
            self._widen(file.object, name, existing[name], kind)
        existing.update(changes.add | changes.widen)
        return changes.park

    def _create(self, object: str, columns: Mapping[str, str]) -> None:
        definition = ", ".join(f"{name_of(name)} {column_type(kind)}" for name, kind in columns.items())
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {self._schema}.{name_of(object)} ({definition})")
        self._columns[object.upper()] = dict(columns)

    def _alter(self, object: str, change: str) -> None:
        self._connection.execute(f"ALTER TABLE {self._schema}.{name_of(object)} {change}")

    def _widen(self, object: str, name: str, have: str, want: str) -> None:
        if column_type(have) == column_type(want):
            return
        if _scale(have) is not None and _scale(have) == _scale(want):
            self._alter(object, f"ALTER COLUMN {name_of(name)} SET DATA TYPE {column_type(want)}")
            return
        self._alter(object, f"ADD COLUMN {name_of(name + _WIDER)} {column_type(want)}")
        self._replace_by_wider(object, name, want)

    def _replace_by_wider(self, object: str, name: str, want: str) -> None:
        wider, value = name_of(name + _WIDER), f"{name_of(name)}::{column_type(want)}"
        self._connection.execute(f"UPDATE {self._schema}.{name_of(object)} SET {wider} = {value} WHERE {wider} IS NULL")
        self._alter(object, f"DROP COLUMN {name_of(name)}")
        self._alter(object, f"RENAME COLUMN {wider} TO {name_of(name)}")

    def _heal(self, object: str, existing: dict[str, str]) -> None:
        """Finish what a process that was killed had begun: each step of a widening commits by itself."""
        for wider in [name for name in existing if name.endswith(_WIDER)]:
            name = wider.removesuffix(_WIDER)
            if name in existing:
                self._replace_by_wider(object, name, existing[wider])
            else:
                self._alter(object, f"RENAME COLUMN {name_of(wider)} TO {name_of(name)}")
            existing[name] = existing.pop(wider)


def _scale(kind: str) -> str | None:
    return kind[:-1].split(",")[1].strip() if kind.startswith("DECIMAL(") else None
