"""Keys that the warehouse makes: integers of 60 bits, never hex text, which costs six times as much to join."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

_DIGITS = 15
"""Hexadecimal digits kept of a hash: 60 bits, so that the key is a positive BIGINT on every engine."""


def _as_integer(evaluator: MacroEvaluator, hexadecimal: str) -> exp.Expression:
    head = f"SUBSTRING({hexadecimal}, 1, {_DIGITS})"
    if evaluator.var("engine") == "snowflake":
        return evaluator.parse_one(f"CAST(TO_NUMBER({head}, '{'X' * _DIGITS}') AS BIGINT)")
    return evaluator.parse_one(f"CAST('0x' || {head} AS BIGINT)")


@macro()
def version_key(evaluator: MacroEvaluator, key: exp.Expression, valid_from: exp.Expression) -> exp.Expression:
    """The key of one version of a dimension's member."""
    natural, since = key.sql(dialect="snowflake"), valid_from.sql(dialect="snowflake")
    return _as_integer(evaluator, f"SHA2(CAST({natural} AS TEXT) || '@' || CAST({since} AS TEXT), 256)")


@macro()
def patient_key(evaluator: MacroEvaluator, patient_id: exp.Expression) -> exp.Expression:
    """The pseudonym of a patient: HMAC-SHA-256 of the id, cut to 60 bits.

    The HMAC's key exists only as two padded halves in a locked table; it is in no SQL text, variable or state.
    Negative ids are members of the dimension that stand for nobody, such as -2 for erased patients, and stay so.
    """
    message = f"'patient:' || CAST({patient_id.sql(dialect='snowflake')} AS TEXT)"
    inner = f"(SELECT inner_pad FROM restricted.pseudonym_key) || TO_BINARY({message}, 'UTF-8')"
    outer = f"(SELECT outer_pad FROM restricted.pseudonym_key) || SHA2_BINARY({inner}, 256)"
    digest = _as_integer(evaluator, f"SHA2({outer}, 256)")
    number = patient_id.sql(dialect="snowflake")
    pseudonym = f"IFF({number} < 0, {number}, {digest.sql(dialect='snowflake')})"
    return evaluator.parse_one(f"IFF({number} IS NULL, NULL, {pseudonym})")
