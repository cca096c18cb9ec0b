"""Snowflake without an account: fakesnow, the corrections that it needs, and a record of what was sent to it.

    with emulated() as snowflake:
        snowflake.connector.connect(database="NORTHSTAR")  # the real module's name, patched
        snowflake.sent                                     # every statement, as the connector would have sent it

fakesnow translates to DuckDB.  What it then does not do is named in ``IGNORED``, and a test holds that list.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import fakesnow
import fakesnow.arrow
import fakesnow.cursor
import fakesnow.fakes
import fakesnow.info_schema
import fakesnow.transforms
import fakesnow.transforms.stage
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.instance import FakeSnow
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

_NAME = r'(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)'
_TABLE = rf"{_NAME}(?:\.{_NAME}){{0,2}}"
_COMMENTS = re.compile(r"/\*.*?\*/", re.DOTALL)

_COPY = re.compile(
    rf"COPY INTO (?P<table>{_TABLE}) \((?P<columns>.+?)\) FROM \(SELECT (?P<values>.+) "
    r"FROM '@(?P<stage>[\w.]+)/(?P<folder>[^']*)'\) FILES = \((?P<files>.+)\) "
    r"FILE_FORMAT = \(TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE\) "
    r"ON_ERROR = ABORT_STATEMENT FORCE = TRUE",
    re.DOTALL,
)
"""The one form of COPY that the sink writes.  Any other is refused; that this one is Snowflake's, sqlfluff says."""
_STAGE = re.compile(rf"CREATE STAGE IF NOT EXISTS (?P<stage>{_TABLE}) URL = '(?P<url>[^']+)'")
_VALUE = re.compile(r'\$1:("(?:[^"]|"")+")::((?:[A-Z_]+)(?:\(\d+, \d+\))?)')
_COLUMN_COMMENTS = re.compile(rf"ALTER (?:VIEW|TABLE) {_TABLE} ALTER COLUMN {_NAME} COMMENT ", re.DOTALL)
RESULTS_KEPT = 100
_DONE = "SELECT 'Statement executed successfully.' AS status"

IGNORED = {
    "CLUSTER BY": "the table is not clustered",
    "COMMENT": "comments of columns of views are dropped",
    "COPY GRANTS": "there are no grants",
    "QUERY_TAG": "there is no query history",
    "SECURE": "a secure view is a view",
    "TRANSIENT": "every table is alike",
    "USE WAREHOUSE": "there is no warehouse",
    "USE ROLE": "there are no roles",
}
"""What the emulator takes and does not do: that it ran proves nothing of these."""


@dataclass
class Snowflake:
    """The account: stages, what was sent, and what failed."""

    stages: dict[str, Path] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    by_tag: dict[str, list[str]] = field(default_factory=dict)
    """The same by the query tag that its session had, "" for none."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    fake: FakeSnow | None = None

    @property
    def duckdb(self) -> duckdb.DuckDBPyConnection:
        """What is underneath, for looking from outside."""
        assert self.fake is not None
        return self.fake.duck_conn.cursor()


_account: list[Snowflake] = []
_original: dict[str, Any] = {
    "execute": FakeSnowflakeCursor.execute,
    "init": FakeSnowflakeConnection.__init__,
    "create_table_as": fakesnow.transforms.create_table_as,
    "information_schema_fs": fakesnow.transforms.information_schema_fs,
    "merge": fakesnow.transforms.merge,
    "quotes": fakesnow.info_schema.insert_table_comment_sql,
    "sums": fakesnow.transforms.numeric_agg_implicit_cast,
    "timestamps": fakesnow.arrow.timestamp_to_sf_struct,
    "hexadecimal": fakesnow.transforms.to_decimal,
    "write_pandas": fakesnow.fakes.write_pandas,
}


@dataclass(frozen=True)
class Correction:
    """Where fakesnow differs from Snowflake in a way that this project would notice."""

    why: str
    patch: Callable[[], Any] | None = None
    """A patch of fakesnow; None for what ``_execute`` does on the way."""


def _create_table_as(expression: exp.Expression, connection: Any) -> exp.Expression:
    if isinstance(expression, exp.Create) and isinstance(expression.this, exp.Schema):
        query = expression.expression
        if isinstance(query, (exp.Select, exp.Subquery)) and not query.unnest().is_star:
            bare = query.unnest().copy()
            bare.set("expressions", [item.unalias() for item in bare.expressions])
            expression.set("expression", bare)
    result: exp.Expression = _original["create_table_as"](expression, connection)
    return result


def _merge(expression: exp.Expression) -> list[exp.Expression]:
    source = expression.args.get("using") if isinstance(expression, exp.Merge) else None
    if not isinstance(source, exp.Subquery):
        return list(_original["merge"](expression))
    stand_in = expression.copy()
    stand_in.args["using"].set("this", exp.select("1"))
    candidates, *rest = _original["merge"](stand_in)
    for subquery in candidates.find_all(exp.Subquery):
        if subquery.alias == source.alias:
            subquery.set("this", source.this.copy())
    return [candidates, *rest]


def _connection_in_public(
    self: Any, connection: Any, cache: Any, database: Any = None, schema: Any = None, *a: Any, **k: Any
) -> None:
    _original["init"](self, connection, cache, database, schema or (database and "PUBLIC"), *a, **k)


def _write_pandas(
    conn: Any, df: Any, table_name: str, database: Any = None, schema: Any = None, *args: Any, **kwargs: Any
) -> Any:
    quoted = ".".join(f'"{part.strip(chr(34))}"' for part in (database, schema, table_name) if part)
    if kwargs.get("overwrite"):
        conn._duck_conn.execute(f"DELETE FROM {quoted}")
    return _original["write_pandas"](conn, df, table_name, database, schema, *args, **kwargs)


_VIEWS = """
CREATE OR REPLACE VIEW {catalog}._fs_information_schema._tables_and_views AS
SELECT * FROM {catalog}._fs_information_schema._fs_tables
UNION ALL BY NAME
SELECT database_name AS "TABLE_CATALOG", schema_name AS "TABLE_SCHEMA", view_name AS "TABLE_NAME",
  'VIEW' AS "TABLE_TYPE", 'NO' AS "IS_TRANSIENT", 'NO' AS "IS_DYNAMIC", to_timestamp(0)::TIMESTAMPTZ AS "LAST_ALTERED"
FROM duckdb_views()
WHERE database_name = '{catalog}' AND schema_name <> '_fs_information_schema' AND NOT internal
"""


def _information_schema(expression: exp.Expression) -> exp.Expression:
    if isinstance(expression, exp.Table) and (expression.db, expression.name) == ("INFORMATION_SCHEMA", "TABLES"):
        expression.set("this", exp.to_identifier("_TABLES_AND_VIEWS"))
        expression.set("db", exp.to_identifier("_FS_INFORMATION_SCHEMA"))
        return expression
    result: exp.Expression = _original["information_schema_fs"](expression)
    return result


def _timestamps(values: Any) -> pa.StructArray:
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    sent = _original["timestamps"](whole)
    parts = [pc.fill_null(part, 0) for part in sent.flatten()]
    return pa.StructArray.from_arrays(parts, fields=list(sent.type), mask=pc.is_null(whole))


def _to_number(expression: exp.Expression) -> exp.Expression:
    if isinstance(expression, exp.ToNumber) and set(expression.text("format")) == {"X"}:
        digits = exp.DPipe(this=exp.Literal.string("0x"), expression=expression.this.copy())
        return exp.cast(digits, "BIGINT")
    result: exp.Expression = _original["hexadecimal"](expression)
    return result


def _table_comment(catalog: str, schema: str, table: str, comment: str | None) -> str:
    written: str = _original["quotes"](catalog, schema, table, (comment or "").replace("'", "''"))
    return written


CORRECTIONS = {
    "temporary": Correction("CREATE TEMPORARY TABLE with three names is refused: make it a table"),
    "session": Correction("USE WAREHOUSE, USE ROLE and the query tag are refused: take them and do nothing"),
    "explain": Correction("EXPLAIN is refused: compile the query by asking for none of its rows"),
    "stage": Correction("SQLMesh's parser reads @stage as a macro, and stages are made once: keep them here"),
    "comments": Correction("comments of several columns are refused: take them and do nothing, as with one"),
    "copy": Correction("COPY from a stage knows neither FILES nor FORCE: do what the sink's one form means"),
    "scale": Correction("DuckDB changes the scale of a number, which Snowflake refuses: refuse it"),
    "twice": Correction("MERGE takes one of two rows of a key, where Snowflake fails or keeps both: refuse them"),
    "transaction": Correction("the result of BEGIN, COMMIT and ROLLBACK cannot be described: give one that can"),
    "results": Correction("every result is kept for good, until the process has no addresses left: keep the last ones"),
    "columns": Correction(
        "a CTAS with a list of columns casts to a type named by the alias: leave the alias out",
        lambda: mock.patch.object(fakesnow.transforms, "create_table_as", _create_table_as),
    ),
    "public": Correction(
        "a session with a database has no schema, and MERGE fails: its schema is PUBLIC, as on Snowflake",
        lambda: mock.patch.object(FakeSnowflakeConnection, "__init__", _connection_in_public),
    ),
    "merge": Correction(
        "the source of a MERGE goes through text in another dialect, and Snowflake's functions are lost: keep its tree",
        lambda: mock.patch.object(fakesnow.transforms, "merge", _merge),
    ),
    "overwrite": Correction(
        "write_pandas appends where it should replace, so that seeds have every row twice",
        lambda: mock.patch.object(fakesnow.fakes, "write_pandas", _write_pandas),
    ),
    "views": Correction(
        "INFORMATION_SCHEMA.TABLES lists no views, so that a plan that died cannot be repeated",
        lambda: mock.patch.object(fakesnow.transforms, "information_schema_fs", _information_schema),
    ),
    "nulls": Correction(
        "the server sends a timestamp that is NULL as 1970-01-01: send NULL",
        lambda: mock.patch.object(fakesnow.arrow, "timestamp_to_sf_struct", _timestamps),
    ),
    "hexadecimal": Correction(
        "TO_NUMBER with a format is not implemented: do it for digits to the base of 16",
        lambda: mock.patch.object(fakesnow.transforms, "to_decimal", _to_number),
    ),
    "quotes": Correction(
        "a table's comment with a quote in it is refused: double the quote",
        lambda: mock.patch.object(fakesnow.info_schema, "insert_table_comment_sql", _table_comment),
    ),
    "sums": Correction(
        "SUM of a NUMBER becomes a DOUBLE, and cents are lost: leave it exact",
        lambda: mock.patch.object(fakesnow.transforms, "numeric_agg_implicit_cast", lambda expression: expression),
    ),
}


def _instead(command: str, account: Snowflake, connection: duckdb.DuckDBPyConnection, on: Collection[str]) -> str:
    """What to send to fakesnow in the place of a statement."""
    bare = _COMMENTS.sub("", command).strip().rstrip(";")
    if "session" in on and re.match(r"USE (WAREHOUSE|ROLE) |ALTER SESSION SET QUERY_TAG", bare):
        return _DONE
    if "explain" in on and bare.startswith("EXPLAIN USING TEXT "):
        return f"SELECT * FROM ({bare.removeprefix('EXPLAIN USING TEXT ')}) LIMIT 0"
    if "stage" in on and (stage := _STAGE.fullmatch(bare)):
        account.stages.setdefault(_upper(stage["stage"]), Path(stage["url"].removeprefix("file://")))
        return _DONE
    if "comments" in on and _COLUMN_COMMENTS.match(bare):
        return _DONE
    if "copy" in on and bare.startswith("COPY INTO"):
        return _copied(bare, account, connection)
    if "scale" in on and (
        change := re.search(rf"ALTER TABLE ({_TABLE}) ALTER COLUMN ({_NAME}) SET DATA TYPE (.+)", bare)
    ):
        _refuse_new_scale(connection, *change.groups())
    if "temporary" in on:
        return re.sub(r"CREATE (OR REPLACE )?TEMPORARY TABLE", r"CREATE \1TABLE", command)
    return command


def _forget_results(results: dict[str, Any]) -> None:
    for name in list(results)[:-RESULTS_KEPT]:
        del results[name]


def _transacted(command: str, connection: Any) -> bool:
    """Begin or end a transaction, if that is what is asked for."""
    word = _COMMENTS.sub("", command).strip().rstrip(";").upper()
    if word not in ("BEGIN", "BEGIN TRANSACTION", "COMMIT", "ROLLBACK"):
        return False
    begins = word.startswith("BEGIN")
    try:
        connection._duck_conn.execute(word)
    except duckdb.TransactionException as error:
        if begins or "no transaction is active" not in str(error):  # Snowflake takes an end without a beginning
            raise
    connection._in_transaction = begins
    return True


def _upper(name: str) -> str:
    return name.rpartition(".")[2].upper()


def _refuse_new_scale(connection: duckdb.DuckDBPyConnection, table: str, column: str, kind: str) -> None:
    row = connection.execute(f"SELECT typeof(ANY_VALUE({column})) FROM {table}").fetchone()
    have, want = re.search(r"DECIMAL\(\d+,(\d+)\)", str(row)), re.search(r"NUMBER\(\d+, (\d+)\)", kind)
    if have is None or want is None or have[1] != want[1]:
        raise ProgrammingError(
            msg=f"SQL compilation error:\ncannot change column {column} from {row} to {kind}", errno=2108
        )


def _refuse_key_twice(cursor: FakeSnowflakeCursor, command: str) -> None:
    """Look into the source of a MERGE; by config.yaml's ERROR_ON_NONDETERMINISTIC_MERGE a matched key twice fails."""
    bare = _COMMENTS.sub("", command).strip()
    if not bare.startswith("MERGE INTO"):
        return
    merge = sqlglot.parse_one(bare, dialect="snowflake")
    source, on = merge.args["using"], merge.args["on"]
    keys = {one.sql("snowflake") for one in on.find_all(exp.Column) if one.table.upper() == source.alias.upper()}
    counted = (
        f"SELECT {', '.join(sorted(keys))} FROM {source.sql('snowflake')} GROUP BY ALL HAVING COUNT(*) > 1 LIMIT 1"
    )
    if row := _original["execute"](cursor, counted).fetchone():
        raise ProgrammingError(msg=f"Duplicate row detected during DML action\nRow Values: {row}", errno=100090)


def _copied(bare: str, account: Snowflake, connection: duckdb.DuckDBPyConnection) -> str:
    """COPY INTO as the sink writes it, of files with FORCE: read, cast, insert."""
    found = _COPY.fullmatch(bare)
    if found is None:
        raise NotImplementedError(f"a COPY of another form than the sink's: {bare[:300]}")
    values = _VALUE.sub(lambda one: f"CAST({one[1]} AS {_duckdb(one[2])})", found["values"])
    internal = Path(fakesnow.transforms.stage.internal_dir(found["stage"])) if found["stage"].count(".") == 2 else None
    folder = account.stages.get(_upper(found["stage"]), internal or Path("/nowhere")) / found["folder"]
    results = []
    for name in re.findall(r"'([^']+)'", found["files"]):
        file = folder / name
        if not file.exists():
            raise ProgrammingError(msg=f"Remote file '{file}' was not found", errno=91016, sqlstate="02000")
        row = connection.execute(
            f"INSERT INTO {found['table']} ({found['columns']}) SELECT {values} FROM read_parquet('{file}')"
        ).fetchone()
        assert row is not None
        results.append(f"('{name}', 'LOADED', {row[0]}, {row[0]})")
    return f"SELECT * FROM (VALUES {', '.join(results)}) AS t(file, status, rows_parsed, rows_loaded)"


def _duckdb(kind: str) -> str:
    if kind == "NUMBER(38, 0)":
        return "BIGINT"
    return {"TIMESTAMP_NTZ": "TIMESTAMP", "FLOAT": "DOUBLE"}.get(kind, kind.replace("NUMBER", "DECIMAL"))


@contextmanager
def emulated(home: Path | None = None, without: Collection[str] = ()) -> Iterator[Snowflake]:
    """Put the emulator in the connector's place; its database is in memory unless ``home`` is given.

    ``without`` switches corrections off, by name.
    """
    account, on = Snowflake(), CORRECTIONS.keys() - set(without)
    nested = threading.local()

    def execute(self: FakeSnowflakeCursor, command: str, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        if getattr(nested, "inside", False):  # fakesnow asks itself
            return _original["execute"](self, command, params, *args, **kwargs)
        with account.lock:
            account.sent.append(command)
            if tag := re.match(r"ALTER SESSION SET QUERY_TAG = '(.*)'", command):
                self._conn.query_tag = tag[1]
            account.by_tag.setdefault(getattr(self._conn, "query_tag", ""), []).append(command)
            nested.inside = True
            if "results" in on:
                _forget_results(self._conn.results_cache)
            try:
                if "transaction" in on and _transacted(command, self._conn):
                    command = _DONE
                if "twice" in on:
                    _refuse_key_twice(self, command)
                replaced = _instead(command, account, self._duck_conn, on)
                return _original["execute"](self, replaced, params, *args, **kwargs)
            except Exception as error:
                account.failed.append((command, f"{type(error).__name__}: {error}"))
                raise
            finally:
                nested.inside = False

    with (
        mock.patch.object(FakeSnowflakeCursor, "execute", execute),
        _patched([CORRECTIONS[name] for name in on]),
        _keeping(account, "views" in on),
        fakesnow.patch(db_path=home),
    ):
        yield account


@contextmanager
def _keeping(account: Snowflake, with_views: bool) -> Iterator[None]:
    """Remember the instance, and give each database the view that lists views."""
    connect, make = FakeSnow.connect, FakeSnow.__init__

    def made(self: FakeSnow, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        account.fake = self

    def connected(self: FakeSnow, *args: Any, **kwargs: Any) -> Any:
        with account.lock:
            connection = connect(self, *args, **kwargs)
            if with_views and connection.database:
                connection._duck_conn.execute(_VIEWS.format(catalog=connection.database))
            return connection

    with mock.patch.object(FakeSnow, "connect", connected), mock.patch.object(FakeSnow, "__init__", made):
        yield


@contextmanager
def _patched(corrections: Collection[Correction]) -> Iterator[None]:
    patches = [one.patch() for one in corrections if one.patch is not None]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in reversed(patches):
            patch.stop()
