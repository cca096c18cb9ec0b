"""Fixtures of the audits that any model can have."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from audit_fixture import Fixture, Row, columns

NOW = datetime(2026, 3, 9, 14)
"""When the audits run; the last whole day is the 8th, the last whole hour ends just then."""

_BALANCE = {
    "party": 7,
    "currency": "USD",
    "as_of_date": "2026-03-01",
    "opening_minor": 0,
    "billed_minor": 1000,
    "paid_minor": 300,
    "closing_minor": 700,
}
_NEXT_DAY = _BALANCE | {"as_of_date": "2026-03-02", "opening_minor": 700, "billed_minor": 0, "paid_minor": 0}
_ROLLS = (
    "rolls_forward(key := (party, currency), period := as_of_date, opening := opening_minor, "
    "movement := billed_minor - paid_minor, closing := closing_minor{rest})"
)


def _filled(with_value: int, without: int, **rest: Any) -> list[Row]:
    return [{"first": 1, "second": 1, "is_old": False, **rest}] * with_value + [
        {"first": None, "second": 1, "is_old": False, **rest}
    ] * without


def _seen(*before: timedelta) -> list[Row]:
    return [{"seen_at": NOW - one, "is_test": False} for one in before]


def _days(rows: dict[int, int], at: datetime = datetime(2026, 3, 8, 12)) -> list[Row]:
    """So many rows so many days before the last whole one."""
    return [
        {"made_at": at - timedelta(days=ago), "is_test": False} for ago, count in rows.items() for _ in range(count)
    ]


PARENTS = {
    "parent": "SELECT 1 AS member_id UNION ALL SELECT -1",
    "guardian": "SELECT 5 AS guardian_id UNION ALL SELECT NULL",
    "line": "SELECT 1 AS invoice_id, 600 AS net, 60 AS tax UNION ALL SELECT 1, 400, 40 UNION ALL SELECT 2, 5, 1",
    "other": """
        SELECT 'USD' AS currency, 1 AS stream, 70 AS amount, TRUE AS is_known
        UNION ALL SELECT 'USD', 1, 30, TRUE
        UNION ALL SELECT 'CAD', 1, 5, TRUE
        UNION ALL SELECT 'CAD', 2, 0, TRUE
        UNION ALL SELECT 'CAD', 2, 9, FALSE
    """,
}
"""Models that the audits compare with."""

_USD, _CAD = (
    {"currency": name, "stream": 1, "total": total, "is_known": True} for name, total in (("USD", 100), ("CAD", 5))
)

FIXTURES = {
    "freshness": Fixture(
        call="freshness(column := seen_at, max_age_minutes := 2 * 60, condition := NOT is_test)",
        columns="seen_at TIMESTAMP, is_test BOOLEAN",
        passes={
            "just now": _seen(timedelta(0)),
            "old enough": _seen(timedelta(days=3), timedelta(hours=2)),
            "one of the future": _seen(timedelta(hours=1), -timedelta(days=400)),
        },
        fails={
            "a second too old": (1, _seen(timedelta(hours=2, seconds=1))),
            "all of the future": (1, _seen(-timedelta(seconds=1))),
            "nothing": (1, []),
            "not under the condition": (1, [{"seen_at": NOW, "is_test": True}]),
        },
    ),
    "lines_sum_to_header": Fixture(
        call="lines_sum_to_header(lines := fixture.line, key := invoice_id, amount := total_minor, "
        "line_amount := net + tax, condition := invoice_id < 9)",
        columns="invoice_id BIGINT, total_minor BIGINT",
        passes={
            "several lines, one, and none": [
                {"invoice_id": number, "total_minor": total} for number, total in ((1, 1100), (2, 6), (3, 0))
            ],
            "not under the condition": [{"invoice_id": 9, "total_minor": 1}],
        },
        fails={
            "a line lost": (1, [{"invoice_id": 1, "total_minor": 1760}, {"invoice_id": 2, "total_minor": 6}]),
            "all lines lost": (1, [{"invoice_id": 3, "total_minor": 1}]),
            "a line twice": (1, [{"invoice_id": 2, "total_minor": 3}]),
        },
        depends_on="depends_on (fixture.line),",
    ),
    "null_share": Fixture(
        call="null_share(columns := (first, second), max_share := 0.1, min_rows := 20, condition := NOT is_old)",
        columns="first BIGINT, second BIGINT, is_old BOOLEAN",
        passes={
            "all": _filled(20, 0),
            "just the share": _filled(90, 10),
            "too few to tell": _filled(0, 19),
            "not under the condition": [*_filled(20, 0), *_filled(0, 80, is_old=True)],
        },
        fails={
            "more": (1, _filled(89, 11)),
            "all of them": (1, _filled(0, 20)),
            "the second column": (1, [*_filled(80, 0), *_filled(20, 0, second=None)]),
        },
    ),
    "null_share_of_one_column": Fixture(
        audit="null_share",
        call="null_share(columns := first, max_share := 0)",
        columns="first BIGINT, second BIGINT, is_old BOOLEAN",
        passes={"none of 100": _filled(100, 0), "one of 99": _filled(98, 1)},
        fails={"one of 100": (1, _filled(99, 1))},
    ),
    "reconciles": Fixture(
        call="reconciles(other := fixture.other, key := (currency, stream), measure := total, "
        "other_measure := amount + 0, condition := is_known, other_condition := is_known, blocking := FALSE)",
        columns="currency TEXT, stream BIGINT, total BIGINT, is_known BOOLEAN",
        passes={
            "the same": [_USD, _CAD],
            "in parts, and nothing of another": [
                _USD | {"total": 1},
                _USD | {"total": 99},
                _CAD,
                _CAD | {"currency": "EUR", "total": 0},
            ],
            "not under the condition": [_USD, _CAD, _CAD | {"is_known": False}],
        },
        fails={
            "too much": (1, [_USD | {"total": 101}, _CAD]),
            "too little": (1, [_USD, _CAD | {"total": 4}]),
            "lost here": (1, [_USD]),
            "not known there": (1, [_USD, _CAD, _CAD | {"currency": "EUR"}]),
            "under another key": (2, [_USD, _CAD | {"stream": 2}]),
        },
        depends_on="depends_on (fixture.other),",
    ),
    "referential_integrity": Fixture(
        call="referential_integrity(references := (member_id = fixture.parent), condition := member_id < 9)",
        columns="member_id BIGINT",
        passes={
            "known": [{"member_id": 1}, {"member_id": 1}, {"member_id": -1}],
            "none": [{"member_id": None}],
            "erased": [{"member_id": -2}],
            "not under the condition": [{"member_id": 9}],
        },
        fails={
            "unknown": (2, [{"member_id": 1}, {"member_id": 2}, {"member_id": 3}]),
            "negative": (1, [{"member_id": -3}]),
        },
        depends_on="depends_on (fixture.parent),",
    ),
    "several_references": Fixture(
        audit="referential_integrity",
        call="referential_integrity("
        "references := (member_id = fixture.parent, ward_of = fixture.guardian.guardian_id), "
        "condition := COALESCE(ward_of, 0) < 9)",
        columns="member_id BIGINT, ward_of BIGINT",
        passes={
            "both known, or not told": [{"member_id": 1, "ward_of": 5}, {"member_id": None, "ward_of": None}],
            "not under the condition": [{"member_id": 2, "ward_of": 9}, {"member_id": 1, "ward_of": 9}],
        },
        fails={
            "the first": (1, [{"member_id": 5, "ward_of": 5}]),
            "the second": (1, [{"member_id": 1, "ward_of": 1}]),
            "one each": (2, [{"member_id": 2, "ward_of": None}, {"member_id": None, "ward_of": 2}]),
        },
        depends_on="depends_on (fixture.parent, fixture.guardian),",
    ),
    "rolls_forward": Fixture(
        call=_ROLLS.format(rest=""),
        columns=columns(_BALANCE),
        passes={
            "a first day": [_BALANCE],
            "the next": [_BALANCE, _NEXT_DAY],
            "other parties and currencies": [_BALANCE, _BALANCE | {"party": 8}, _BALANCE | {"currency": "CAD"}],
        },
        fails={
            "does not open with what was closed": (
                1,
                [_BALANCE, _NEXT_DAY | {"opening_minor": 500, "closing_minor": 500}],
            ),
            "does not begin with nothing": (1, [_NEXT_DAY]),
            "a movement lost": (1, [_BALANCE | {"paid_minor": 0}]),
            "a day lost": (1, [_BALANCE, _NEXT_DAY | {"as_of_date": "2026-03-03"}]),
        },
    ),
    "months_that_roll_forward": Fixture(
        audit="rolls_forward",
        call=_ROLLS.format(rest=", step := 'MONTH', first_opening := 700"),
        columns=columns(_BALANCE),
        passes={
            "opens with what was before": [_NEXT_DAY | {"as_of_date": "2026-03-01"}],
            "three months": [_NEXT_DAY | {"as_of_date": f"2026-0{month}-01"} for month in (3, 4, 5)],
        },
        fails={
            "begins with nothing": (1, [_BALANCE]),
            "a month lost": (1, [_NEXT_DAY | {"as_of_date": f"2026-0{month}-01"} for month in (3, 5)]),
        },
    ),
    "volume_in_line": Fixture(
        call="volume_in_line(column := made_at, min_rows := 10, max_change := 0.5, condition := NOT is_test)",
        columns="made_at TIMESTAMP, is_test BOOLEAN",
        passes={
            "as ever": _days({0: 10, 7: 10, 14: 10, 21: 10, 28: 10}),
            "half": _days({0: 6, 7: 12, 14: 12, 21: 12}),
            "half as much again": _days({0: 18, 7: 12, 14: 12, 21: 12}),
            "other days of the week": _days({0: 10, 7: 10, 14: 10, 21: 10} | dict.fromkeys((1, 2, 6, 8, 13), 90)),
            "the running day": [*_days({0: 10, 7: 10, 14: 10, 21: 10}), *_days({-1: 500})],
            "two weeks of history": _days({0: 0, 7: 100, 14: 100}),
            "small numbers": _days({0: 0, 7: 9, 14: 9, 21: 9}),
            "weeks of long ago": _days({0: 0, 7: 100, 14: 100, 35: 100, 42: 100}),
        },
        fails={
            "less than half": (1, _days({0: 5, 7: 12, 14: 12, 21: 12})),
            "nothing": (1, _days({7: 10, 14: 10, 21: 10})),
            "nothing, beside the first of four weeks": (1, _days({7: 10, 14: 10, 28: 10})),
            "more than half as much again": (1, _days({0: 19, 7: 12, 14: 12, 21: 12})),
            "only what does not count": (
                1,
                [*_days({7: 10, 14: 10, 21: 10}), *({**row, "is_test": True} for row in _days({0: 10}))],
            ),
        },
    ),
    "volume_of_an_hour": Fixture(
        audit="volume_in_line",
        call="volume_in_line(column := made_at, slot := 'HOUR', min_rows := 10)",
        columns="made_at TIMESTAMP, is_test BOOLEAN",
        passes={"the last hour": _days(dict.fromkeys((0, 7, 14, 21), 10), NOW - timedelta(minutes=1))},
        fails={
            "other hours": (
                1,
                [
                    *_days(dict.fromkeys((7, 14, 21), 10), NOW - timedelta(minutes=1)),
                    *_days({0: 10}, NOW - timedelta(minutes=61)),
                    *_days({0: 10}, NOW),
                ],
            ),
        },
    ),
}
