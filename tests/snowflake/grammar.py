"""Snowflake's grammar as sqlfluff knows it: independent of sqlglot, which writes and reads all else here."""

from __future__ import annotations

import re
from collections.abc import Iterable

import sqlfluff
import sqlglot
from sqlglot import exp

_LITERALS = re.compile(r"'(?:[^'\\]|\\.|'')*'")
_NUMBERS = re.compile(r"\b\d+\b")
_HEXES = re.compile(r"__?[0-9a-z]{8,}(?=\b|_)")
_COMMENTS = re.compile(r"/\*.*?\*/", re.DOTALL)

GAPS = {
    "TIMESTAMPNTZ": re.compile(r"\bTIMESTAMPNTZ\b"),
    "? for a parameter": re.compile(r"(?<=[ (])\?(?=[,) ]|$)"),
    "stages on file://, which only the emulator has": re.compile(r"URL = 'file://"),
    "comments of a view's columns": re.compile(r"^ALTER VIEW .* ALTER COLUMN .* COMMENT", re.DOTALL),
}
"""What sqlfluff does not know.  The last is not in Snowflake's reference either: SQLMesh sends it, warns and goes on
when it is refused."""


def shapes(statements: Iterable[str]) -> dict[str, str]:
    """One statement of each shape, by the shape: what differs in literals, numbers and fingerprints only is alike."""
    found: dict[str, str] = {}
    for statement in statements:
        shape = _COMMENTS.sub("", statement).strip()
        for pattern, instead in ((_LITERALS, "''"), (_NUMBERS, "0"), (_HEXES, "")):
            shape = pattern.sub(instead, shape)
        found.setdefault(re.sub(r"\(\?(?:, \?)*\)(?:, \(\?(?:, \?)*\))*", "(?)", shape), _COMMENTS.sub("", statement))
    return found


def unparsable(statements: Iterable[str]) -> list[str]:
    """Statements of which sqlfluff cannot make sense, by themselves."""
    return [statement for statement in statements if not _parses(statement)]


def _parses(statement: str) -> bool:
    known = _replaced(statement)
    if known is None:
        return True
    try:
        sqlfluff.parse(known.strip().rstrip(";") + ";\n", dialect="snowflake")
    except sqlfluff.api.APIParsingError:
        return False
    return True


def _replaced(statement: str) -> str | None:
    """The statement with the known gaps made into what sqlfluff knows; None when it is one as a whole."""
    if GAPS["comments of a view's columns"].match(statement.strip()):
        return None
    known = GAPS["TIMESTAMPNTZ"].sub("TIMESTAMP_NTZ", statement)
    known = GAPS["? for a parameter"].sub("NULL", known)
    return GAPS["stages on file://, which only the emulator has"].sub("URL = 's3://", known)


CLAUSES = {
    "CopyGrantsProperty": "ignored",
    "SchemaCommentProperty": "kept",
    "TemporaryProperty": "made a table",
    "TransientProperty": "ignored",
    "Cluster": "ignored",
    "SecureProperty": "ignored",
    "Property": "of a stage: kept by the emulator",
}
"""Clauses of DDL that were reviewed, and what the emulator makes of each."""


def clauses(statements: Iterable[str]) -> set[str]:
    """The kinds of clauses in statements that create something."""
    found: set[str] = set()
    for statement in statements:
        if re.match(r"CREATE\b", statement.strip()):
            parsed = sqlglot.parse_one(statement, dialect="snowflake")
            found |= {type(node).__name__ for node in parsed.find_all(exp.Property, exp.Cluster)}
    return found


FUNCTIONS = {
    "aggregates": "BOOLOR_AGG COUNT COUNT_IF MAX MAX_BY MEDIAN MIN MIN_BY PERCENTILE_CONT SUM",
    "windows": "FIRST_VALUE LAG LEAD ROW_NUMBER",
    "conditions": "COALESCE EQUAL_NULL EXISTS GREATEST IFF LEAST NULLIF",
    "numbers": "ABS FLOOR ROUND SIGN TO_NUMBER",
    "casts": "TRY_CAST",
    "text": "CONTAINS LENGTH LISTAGG LOWER REGEXP_LIKE REGEXP_REPLACE SUBSTRING TRIM UPPER",
    "bytes": "SHA2 SHA2_BINARY TO_BINARY",
    "instants": "CONVERT_TIMEZONE DATEADD DATEDIFF TIMESTAMP_FROM_PARTS",
    "casts of text, which alone TRY_CAST takes": "TRY_CAST",
    "days": "DATE_PART DATE_TRUNC DAYOFWEEKISO LAST_DAY WEEKISO YEAROFWEEKISO",
    "rows": "GENERATOR",
}
"""Functions that models call on Snowflake.  Each was looked up in Snowflake's reference and means there what the unit
tests execute on DuckDB: a new one is to be looked up before it is added (two-argument CONVERT_TIMEZONE, TO_CHAR with a
format and HASH, for instance, do not).  REGEXP_LIKE matches the whole text on Snowflake and, as it is translated, here.
COUNT_IF of nothing but NULL is 0 on Snowflake, NULL on DuckDB: COUNT(IFF(..., 1, NULL)) where a group may have no row.
TIMESTAMP_FROM_PARTS of a date and a time needs TIMESTAMP_TYPE_MAPPING = TIMESTAMP_NTZ, as config.yaml sets it.
"""

OF_OTHERS = {
    "the sink's COPY, whose $1:column sqlglot takes for a call": "GET_PATH",
    "SQLMesh's own statements": "CURRENT_DATABASE",
}
"""Further functions that were looked up, of what is sent beside the queries of models."""


def functions(statements: Iterable[str]) -> set[str]:
    """Names of the functions that are called, but for casts."""
    calls = set()
    for statement in statements:
        for call in sqlglot.parse_one(statement, dialect="snowflake").find_all(exp.Func):
            name, bracket, _ = call.sql(dialect="snowflake").partition("(")
            if bracket and name.isupper() and name.isidentifier():
                calls.add(name)
    return calls - {"CAST"}


def unreviewed(statements: Iterable[str]) -> set[str]:
    """Functions that nobody has looked up."""
    known = (*FUNCTIONS.values(), *OF_OTHERS.values())
    return functions(statements) - {name for names in known for name in names.split()}


KINDS = {
    **dict.fromkeys(("SELECT", "WITH", "INSERT INTO", "UPDATE", "DELETE FROM", "MERGE INTO", "TRUNCATE TABLE"), "done"),
    **dict.fromkeys(("CREATE TABLE", "CREATE VIEW"), "done but for CLAUSES"),
    **dict.fromkeys(
        ("CREATE SCHEMA", "USE SCHEMA", "ALTER TABLE", "DROP TABLE", "DROP VIEW", "DROP SCHEMA", "DESCRIBE TABLE"),
        "done",
    ),
    **dict.fromkeys(("COPY INTO", "CREATE STAGE", "EXPLAIN USING"), "done by a correction"),
    **dict.fromkeys(("BEGIN", "COMMIT", "ROLLBACK"), "done"),
    "ALTER VIEW": "COMMENT",
    "ALTER SESSION": "QUERY_TAG",
    "USE WAREHOUSE": "USE WAREHOUSE",
    "USE ROLE": "USE ROLE",
}
"""Kinds of statements that were reviewed: what the emulator does of each, or by which name it is in its list of what is
ignored."""
_BY_TWO_WORDS = (
    "CREATE", "ALTER", "DROP", "DESCRIBE", "USE", "INSERT", "DELETE", "MERGE", "TRUNCATE", "COPY", "EXPLAIN",
)  # fmt: skip
_HOW = ("OR", "REPLACE", "TRANSIENT", "TEMPORARY", "SECURE")


def kinds(statements: Iterable[str]) -> set[str]:
    """Kinds of statements: the first word, and of what it is about."""
    found = set()
    for statement in statements:
        words = [word for word in statement.strip().rstrip(";").upper().split(maxsplit=6) if word not in _HOW]
        found.add(" ".join(words[: 2 if words[0] in _BY_TWO_WORDS else 1]))
    return found
