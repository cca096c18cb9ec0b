"""A subset of SOQL, parsed and turned into SQL for SQLite.

Understood: a field list or COUNT(), FROM one object, WHERE with AND, OR, NOT and parentheses over comparisons, LIKE,
IN and NOT IN, null, date and datetime literals; ORDER BY with direction and nulls order; LIMIT and OFFSET.
As in SOQL, AND and OR may not be mixed without parentheses, and dates are written without quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from northstar.simulator.salesforce.errors import ApiError, invalid_field, malformed
from northstar.simulator.salesforce.schema import COMPOUND, NUMERIC, Field, SObject

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
      | (?P<date>\d{4}-\d\d-\d\d)
      | (?P<number>[+-]?\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z_][\w.]*)
      | (?P<symbol><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\", "%": "%", "_": "_"}


@dataclass(frozen=True)
class Query:
    """A query, ready to run on SQLite."""

    object: SObject
    fields: tuple[Field, ...]
    """Empty for COUNT()."""
    where: str
    parameters: tuple[Any, ...]
    order: str
    limit: int | None
    offset: int

    @property
    def is_count(self) -> bool:
        """Whether only the number of rows is wanted."""
        return not self.fields

    def ids_sql(self, deleted: bool) -> str:
        """SQL that yields the Ids of the matching rows in order; ``deleted`` includes the recycle bin."""
        conditions = [f"({self.where})"] if self.where else []
        if not deleted and "IsDeleted" in self.object.fields:
            conditions.append('"IsDeleted" = 0')
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        order = f" ORDER BY {self.order}" if self.order else ""
        limit = f" LIMIT {-1 if self.limit is None else self.limit} OFFSET {self.offset}"
        return f'SELECT "Id" FROM "{self.object.name}"{where}{order}{limit}'


def instant_text(moment: datetime) -> str:
    """An instant as the REST API writes it; the text sorts as the instants do."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def parse(soql: str, objects: Mapping[str, SObject]) -> Query:
    """Parse a query.  Raises ApiError: MALFORMED_QUERY, INVALID_TYPE or INVALID_FIELD."""
    return _Parser(soql, objects).query()


class _Parser:
    def __init__(self, soql: str, objects: Mapping[str, SObject]) -> None:
        self._objects = {name.lower(): value for name, value in objects.items()}
        self._tokens = _tokens(soql)
        self._at = 0
        self._parameters: list[Any] = []
        self._object: SObject = SObject("", "")

    def query(self) -> Query:
        self._expect("select")
        names = self._select_list()
        self._expect("from")
        name = self._word()
        if name.lower() not in self._objects:
            raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
        self._object = self._objects[name.lower()]
        fields = tuple(self._field(n) for n in names)
        where = self._condition() if self._take("where") else ""
        order = self._order() if self._take("order") else ""
        limit = int(self._value("number")) if self._take("limit") else None
        offset = int(self._value("number")) if self._take("offset") else 0
        if self._at < len(self._tokens):
            raise malformed(f"unexpected token: '{self._tokens[self._at][1]}'")
        return Query(self._object, fields, where, tuple(self._parameters), order, limit, offset)

    def _select_list(self) -> list[str]:
        if self._take("count"):
            self._expect("(")
            self._expect(")")
            return []
        names = [self._word()]
        while self._take(","):
            names.append(self._word())
        if len({n.lower() for n in names}) < len(names):
            raise malformed("duplicate field selected")
        return names

    def _condition(self) -> str:
        terms = [self._term()]
        joined: str | None = None
        while (word := self._peek()) in ("and", "or"):
            if joined is not None and word != joined:
                raise malformed(f"unexpected token: '{word}' (AND and OR need parentheses)")
            joined = word
            self._at += 1
            terms.append(self._term())
        return f" {(joined or 'and').upper()} ".join(terms)

    def _term(self) -> str:
        if self._take("not"):
            return f"NOT {self._term()}"
        if self._take("("):
            inner = self._condition()
            self._expect(")")
            return f"({inner})"
        field = self._field(self._word())
        if not field.filterable or field.type in COMPOUND:
            raise invalid_field(f"field '{field.name}' can not be filtered in a query call")
        column = f'"{field.name}"'
        if _literal_kind(field) == "string" and field.type not in ("id", "reference"):
            column += " COLLATE NOCASE"
        if self._take("not"):
            self._expect("in")
            return f"({column} IS NULL OR {column} NOT IN {self._list(field)})"
        if self._take("in"):
            return f"{column} IN {self._list(field)}"
        if self._take("like"):
            self._parameters.append(self._value("string"))
            return f"{column} LIKE ?"
        return self._comparison(field, column)

    def _comparison(self, field: Field, column: str) -> str:
        operator = self._next()[1]
        if operator not in ("=", "!=", "<>", "<", "<=", ">", ">="):
            raise malformed(f"unexpected token: '{operator}'")
        value = self._literal(field)
        if value is None:
            if operator not in ("=", "!=", "<>"):
                raise malformed("null can only be compared with = and !=")
            return f"{column} IS {'' if operator == '=' else 'NOT '}NULL"
        self._parameters.append(value)
        if operator in ("!=", "<>"):
            return f"({column} IS NULL OR {column} <> ?)"
        return f"{column} {operator} ?"

    def _list(self, field: Field) -> str:
        self._expect("(")
        values = [self._literal(field)]
        while self._take(","):
            values.append(self._literal(field))
        self._expect(")")
        self._parameters.extend(values)
        return f"({', '.join('?' * len(values))})"

    def _literal(self, field: Field) -> Any:
        kind, text = self._next()
        if kind == "word" and text.lower() == "null":
            return None
        expected = _literal_kind(field)
        found = "boolean" if kind == "word" and text.lower() in ("true", "false") else kind
        if found != expected and not (expected == "datetime" and found == "date"):
            raise invalid_field(
                f"value of filter criterion for field '{field.name}' must be of type {field.type}"
                + ("" if expected == "string" else " and should not be enclosed in quotes")
            )
        if found == "boolean":
            return int(text.lower() == "true")
        if found == "string":
            return _unescape(text)
        if found == "datetime":
            return instant_text(datetime.fromisoformat(text))
        if found == "date" and expected == "datetime":
            return f"{text}T00:00:00.000+0000"
        return float(text) if found == "number" else text

    def _order(self) -> str:
        self._expect("by")
        terms = [self._order_term()]
        while self._take(","):
            terms.append(self._order_term())
        return ", ".join(terms)

    def _order_term(self) -> str:
        field = self._field(self._word())
        direction = "DESC" if self._take("desc") else "ASC"
        if direction == "ASC":
            self._take("asc")
        nulls = "FIRST"
        if self._take("nulls"):
            nulls = "LAST" if self._take("last") else "FIRST"
            if nulls == "FIRST":
                self._expect("first")
        return f'"{field.name}" {direction} NULLS {nulls}'

    def _field(self, name: str) -> Field:
        for known, field in self._object.fields.items():
            if known.lower() == name.lower():
                return field
        raise invalid_field(
            f"No such column '{name}' on entity '{self._object.name}'. If you are attempting to use a custom field, "
            "be sure to append the '__c' after the custom field name."
        )

    def _peek(self) -> str:
        return self._tokens[self._at][1].lower() if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise malformed("unexpected end of query")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, text: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][0] != "string" and self._peek() == text:
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise malformed(f"expecting '{text}', found '{self._peek() or 'end of query'}'")

    def _value(self, kind: str) -> str:
        found, text = self._next()
        if found != kind:
            raise malformed(f"unexpected token: '{text}'")
        return _unescape(text) if kind == "string" else text

    def _word(self) -> str:
        return self._value("word")


def _tokens(soql: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    end = len(soql.rstrip())
    while at < end:
        match = _TOKEN.match(soql, at)
        if match is None or match.lastgroup is None:
            raise malformed(f"unexpected character at position {at}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


def _unescape(quoted: str) -> str:
    def character(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise malformed(f"invalid string literal: unknown escape '\\{match[1]}'")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", character, quoted[1:-1], flags=re.DOTALL)


def _literal_kind(field: Field) -> str:
    if field.type in ("datetime", "date", "boolean"):
        return field.type
    return "number" if field.type in (*NUMERIC, "int") else "string"
