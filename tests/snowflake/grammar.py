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
