"""What means one thing on Snowflake and another on DuckDB, or runs on one of the two only (docs/snowflake.md)."""

from collections.abc import Callable, Iterator

from sqlglot import exp
from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model, SqlModel
from sqlmesh.core.model.kind import IncrementalByUniqueKeyKind

_FORMATTED = ("TO_CHAR", "TO_VARCHAR")
_DATE_UNITS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")


class MeansTheSameOnBothEngines(Rule):
    """Models keep to what both engines understand alike."""

    def check_model(self, model: Model) -> RuleViolation | list[RuleViolation] | None:
        """Report each construct once."""
        if not isinstance(model, SqlModel):
            return None
        found = [sentence for check in CHECKS for sentence in check(model.query)]
        if isinstance(model.kind, IncrementalByUniqueKeyKind):
            for name in ("when_matched", "merge_filter"):
                if getattr(model.kind, name):
                    found.append(f"{name} fails on DuckDB from the second run on: put the logic into the query")
        return [self.violation(sentence) for sentence in dict.fromkeys(found)]


def _semi_structured(query: exp.Expression) -> Iterator[str]:
    for node in query.find_all(exp.Cast, exp.Lateral, exp.Explode, exp.JSONExtract, exp.Bracket):
        if isinstance(node, exp.Cast) and node.to.is_type("variant", "object", "array"):
            yield f"{node.to.sql('snowflake')} is kept apart from text differently: flatten it when it is loaded"
        elif isinstance(node, exp.Bracket):
            yield f"{node.sql('snowflake')} keeps its quotes on DuckDB: flatten it when it is loaded"
        elif isinstance(node, exp.JSONExtract) and not isinstance(node, exp.JSONExtractScalar):
            yield "a path such as x:a.b keeps its quotes on DuckDB: write JSON_EXTRACT_PATH_TEXT"
        elif isinstance(node, exp.Explode) or (isinstance(node, exp.Lateral) and "FLATTEN" in node.sql("snowflake")):
            yield "FLATTEN does not reach DuckDB: flatten when it is loaded"


def _formats(query: exp.Expression) -> Iterator[str]:
    for node in query.find_all(exp.ToChar, exp.TimeToStr):
        if node.args.get("format"):
            yield "TO_CHAR loses its format on DuckDB: compose the text of DATE_PART"
    for call in query.find_all(exp.Anonymous):
        if call.name.upper() in _FORMATTED and len(call.expressions) > 1:
            yield f"{call.name.upper()} loses its format on DuckDB: compose the text of DATE_PART"


def _joins(query: exp.Expression) -> Iterator[str]:
    for join in query.find_all(exp.Join):
        if join.method.upper() == "ASOF" or join.args.get("match_condition"):
            yield "an ASOF join is written differently on either engine: join by the half-open validity"


def _zones(query: exp.Expression) -> Iterator[str]:
    for call in query.find_all(exp.ConvertTimezone):
        if call.args.get("source_tz") is None:
            yield "CONVERT_TIMEZONE of two arguments reads the zone of the session: name the zone it comes from"


def _dates(query: exp.Expression) -> Iterator[str]:
    """DATEADD of a date is a TIMESTAMP on DuckDB: it is cast, unless it is compared only."""
    for call in query.find_all(exp.DateAdd):
        if str(call.args.get("unit")).upper() not in _DATE_UNITS:
            continue  # of hours and less it is a TIMESTAMP everywhere
        outermost = call.parent
        while isinstance(outermost, exp.Paren | exp.Alias):
            if isinstance(outermost, exp.Alias):
                yield f"{call.sql('snowflake')} is a TIMESTAMP on DuckDB whatever it is of: cast it"
            outermost = outermost.parent


def _quotients(query: exp.Expression) -> Iterator[str]:
    """A quotient of whole numbers is a NUMBER of six decimals on Snowflake, a DOUBLE on DuckDB."""
    for node in query.find_all(exp.Div, exp.Avg):
        above = _above(node)
        casts = [one.to for one in above if isinstance(one, exp.Cast)]
        is_whole = any(isinstance(one, exp.Floor | exp.Ceil) for one in above)
        is_rounded = any(isinstance(one, exp.Round) for one in above) and bool(casts)
        if not (is_whole or is_rounded or any(kind.is_type("double") for kind in casts)):
            yield f"{node.sql('snowflake')} has other decimals on either engine: round it and cast it, or use @ratio"


def _above(node: exp.Expression) -> list[exp.Expression]:
    """What an expression is part of, within its query."""
    found = []
    while node.parent is not None and not isinstance(node.parent, exp.Query):
        node = node.parent
        found.append(node)
    return found


CHECKS: tuple[Callable[[exp.Expression], Iterator[str]], ...] = (
    _semi_structured, _formats, _joins, _zones, _dates, _quotients,
)  # fmt: skip
