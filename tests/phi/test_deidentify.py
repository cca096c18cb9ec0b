"""The approved transforms against what breaks them: small areas, foreign codes, ninetieth birthdays, leap days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest
from projects import PROJECT
from sqlglot import exp, parse_one
from sqlmesh.core.macros import MacroEvaluator

from macros.deidentify import age_at, age_band, pooled_birth_year, zip3

# The 17 areas of 20,000 people or fewer in HHS's guidance, by the census of 2000, and those by the census of 2010.
HHS_2000 = set("036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893".split())  # noqa: SIM905
CENSUS_2010 = set("036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893".split())  # noqa: SIM905


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("CREATE SCHEMA reference")
        opened.execute(
            "CREATE TABLE reference.zip_area AS FROM read_csv(?)",
            [str(PROJECT / "seeds" / "zip_area.csv")],
        )
        yield opened


def _call(
    connection: duckdb.DuckDBPyConnection, macro: Callable[..., exp.Expr], *arguments: Any, kind: str = "DATE"
) -> Any:
    evaluator = MacroEvaluator(dialect="snowflake")
    values = [parse_one(f"CAST({_literal(value)} AS {kind})", dialect="snowflake") for value in arguments]
    row = connection.execute(f"SELECT {macro(evaluator, *values).sql(dialect='duckdb')}").fetchone()
    assert row is not None
    return row[0]


def _literal(value: Any) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


@pytest.mark.parametrize("area", sorted(HHS_2000 | CENSUS_2010))
def test_areas_of_few_people_are_not_told(connection: duckdb.DuckDBPyConnection, area: str) -> None:
    (state,) = connection.execute("SELECT area[1:2] FROM reference.zip_area WHERE area[3:] = ?", [area]).fetchone() or (
        "",
    )

    assert state
    assert _call(connection, zip3, f"{area}01", state, kind="TEXT") == "000"
    assert _call(connection, zip3, f"{area}01-0001", state, kind="TEXT") == "000"


@pytest.mark.parametrize(
    ("postal_code", "state", "expected"),
    [
        ("02138", "MA", "021"),
        ("02138-1234", "MA", "021"),
        ("021381234", "MA", "021"),
        (" 02138 ", "ma", "021"),
        ("90210", "CA", "902"),
        (None, "MA", None),
        ("", "MA", None),
        ("   ", "MA", None),
        ("2138", "MA", "000"),  # the leading zero lost in a spreadsheet
        ("0213", "MA", "000"),
        ("021", "MA", "000"),
        ("02138-", "MA", "000"),
        ("02138-12", "MA", "000"),
        ("0213O", "MA", "000"),
        ("02138 Boston", "MA", "000"),
        ("12345678901234", "NY", "000"),
        ("\n02138", "MA", "000"),
        ("00000", "MA", "000"),
        ("99999", "AK", "999"),
        ("00601", "PR", "000"),  # territories are not in the census's list of areas
        ("09012", "AE", "000"),  # military
        ("34001", "AA", "000"),
        ("21300", "MD", "000"),  # an area that does not exist
        ("10115", "BE", "000"),  # Berlin
        ("75008", None, "000"),  # Paris
        ("75008", "MA", "000"),  # Paris, or Texas, of somebody in Massachusetts
        ("02138", None, "000"),
        ("02138", "", "000"),
        ("02138", "A", "000"),
        ("02138", "MA021", "000"),
        ("M5V 3L9", "ON", "000"),
        ("SW1A 1AA", None, "000"),
        ("150-0001", "13", "000"),
        ("1500001", "13", "000"),
        ("٠٢١٣٨", "MA", "000"),  # digits, but not ASCII ones
    ],
)  # fmt: skip
def test_zip3(
    connection: duckdb.DuckDBPyConnection, postal_code: str | None, state: str | None, expected: str | None
) -> None:
    assert _call(connection, zip3, postal_code, state, kind="TEXT") == expected


def test_released_areas_have_more_than_20000_people(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute("SELECT area[3:], population, is_restricted FROM reference.zip_area").fetchall()
    released = {area for area, _, restricted in rows if not restricted}

    assert {area for area, population, _ in rows if (population or 0) <= 20_000} == CENSUS_2010
    assert released == {area for area, _, _ in rows} - HHS_2000 - CENSUS_2010
    assert sum(population or 0 for _, population, _ in rows) > 308_000_000, "the census of 2010 counted 308.7 million"


@pytest.mark.parametrize(
    ("birth", "event", "expected"),
    [
        ("1936-03-02", "2026-03-01", 89),
        ("1936-03-02", "2026-03-02", 90),
        ("1936-03-02", "2026-03-03", 90),
        ("1926-03-02", "2026-03-02", 90),
        ("1900-01-01", "2026-03-02", 90),
        ("1937-03-02", "2026-12-31", 89),
        ("1936-02-29", "2026-02-28", 89),  # no 29 February in 2026: the birthday is on 1 March
        ("1936-02-29", "2026-03-01", 90),
        ("1936-02-29", "2024-02-28", 87),
        ("1936-02-29", "2024-02-29", 88),
        ("2024-02-29", "2025-02-28", 0),
        ("2024-02-29", "2025-03-01", 1),
        ("2025-12-31", "2026-01-01", 0),
        ("2026-01-01", "2026-01-01", 0),
        ("2026-01-02", "2026-01-01", None),
        (None, "2026-01-01", None),
        ("1936-01-01", None, None),
    ],
)
def test_age_is_completed_years_with_ninety_and_over_pooled(
    connection: duckdb.DuckDBPyConnection, birth: str | None, event: str | None, expected: int | None
) -> None:
    assert _call(connection, age_at, birth, event) == expected


@pytest.mark.parametrize(
    ("birth", "as_of", "expected"),
    [
        ("1936-12-31", "2026-01-01", None),  # 89, but the year would show that 90 is near
        ("1936-01-01", "2026-12-31", None),
        ("1937-01-01", "2026-12-31", 1937),
        ("1937-01-01", "2027-01-01", None),
        ("1899-01-01", "2026-01-01", None),
        (None, "2026-01-01", None),
    ],
)
def test_birth_year_is_withheld_where_it_tells_of_ninety(
    connection: duckdb.DuckDBPyConnection, birth: str | None, as_of: str, expected: int | None
) -> None:
    assert _call(connection, pooled_birth_year, birth, as_of) == expected


def test_age_bands_cover_every_age(connection: duckdb.DuckDBPyConnection) -> None:
    evaluator = MacroEvaluator(dialect="snowflake")
    band = age_band(evaluator, exp.column("age")).sql(dialect="duckdb")
    rows = connection.execute(f"SELECT age, {band} FROM (SELECT unnest(range(0, 91)) AS age)").fetchall()
    bands = {name: (min(a for a, b in rows if b == name), max(a for a, b in rows if b == name)) for _, name in rows}

    assert bands == {
        "0-17": (0, 17), "18-34": (18, 34), "35-49": (35, 49), "50-64": (50, 64), "65-79": (65, 79), "80-89": (80, 89),
        "90+": (90, 90),
    }  # fmt: skip
    assert connection.execute(f"SELECT {band} FROM (SELECT NULL::INT AS age)").fetchone() == ("unknown",)
