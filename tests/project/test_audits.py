"""Each custom audit finds what it is for, and nothing else: run by SQLMesh on DuckDB, over rows made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import generic_audits
import operations_audits
import pytest
from audit_fixture import Fixture, Row, columns
from projects import PROJECT, small_project
from sqlmesh import Context

_FIRST, _LAST = "1900-01-01", "9999-12-31"
_VERSION = {"member_id": 1, "valid_from": _FIRST, "valid_to": _LAST, "is_current": True}
_INVOICE = {
    "invoice_id": 1,
    "is_deleted": False,
    "has_quarantined_row": False,
    "subtotal_minor": 1000,
    "tax_minor": 190,
    "total_minor": 1190,
    "paid_minor": 600,
    "credited_minor": 90,
    "line_amount_minor": 1000,
    "line_tax_minor": 190,
    "allocated_minor": 600,
    "noted_minor": 90,
    "foreign_currency_count": 0,
}
_PAYMENT = {
    "payment_id": 1,
    "has_quarantined_row": False,
    "received_minor": 500,
    "allocated_minor": 500,
    "refunded_minor": 500,
    "foreign_currency_count": 0,
}


_PAYOUT = {
    "payout_id": 1,
    "is_automatic": True,
    "reconciliation_status": "completed",
    "amount_minor": 900,
    "gross_minor": 1000,
    "fee_minor": 100,
    "foreign_currency_count": 0,
    "unknown_count": 0,
}
_TRACKED = """
SELECT 'A' AS salesforce_account_id, '2026-03-01'::TIMESTAMP AS changed_at, 'Y' AS new_owner_id, 1 AS commit_lsn
UNION ALL
SELECT 'A', '2026-03-01'::TIMESTAMP, 'Z', 2
"""
"""Two changes of owner at one instant."""
_OPPORTUNITIES = """
SELECT 'KWD' AS currency, TRUE AS is_won, 5000::BIGINT AS amount_minor, TRUE AS is_closed, FALSE AS is_deleted
UNION ALL
SELECT 'KWD', FALSE, NULL, TRUE, FALSE
UNION ALL
SELECT 'KWD', FALSE, 500, FALSE, FALSE
UNION ALL
SELECT 'KWD', TRUE, 500, TRUE, TRUE
"""
"""One won, one lost without an amount, one open, one deleted."""
_CURRENCY = "SELECT 'KWD' AS currency, 3 AS exponent"
_BOOKED = {"currency": "KWD", "won_count": 1, "lost_count": 1, "won_amount": 5, "lost_amount": 0}
_OWNED = {"salesforce_account_id": "A", "salesperson_id": "Z", "valid_from": _FIRST, "valid_to": _LAST}


_BUCKETS = {
    "not_due_minor": 400,
    "d1_30_minor": 300,
    "d31_60_minor": -200,
    "d61_90_minor": 20,
    "d90_plus_minor": 5,
}
_ENTRIES = {
    "entry_date": "2026-03-01",
    "billed_minor": 1000,
    "paid_minor": -300,
    "credited_minor": -100,
    "voided_minor": -50,
    "written_off_minor": -30,
    "recovered_minor": 5,
}
_CELL = {
    "visit_year": 2026,
    "zip3": "021",
    "specialty_group": "a",
    "visits": 20,
    "patients": 11,
    "is_suppressed": False,
}
_SECRET = _CELL | {"visits": None, "patients": None, "is_suppressed": True}


def _changes(good: int, faulty: int) -> list[Row]:
    return [{"fault_rule": None}] * good + [{"fault_rule": "unknown_status"}] * faulty


PARENTS = {
    "tracked": _TRACKED,
    "opportunity": _OPPORTUNITIES,
    "currency": _CURRENCY,
    **generic_audits.PARENTS,
    **operations_audits.PARENTS,
}
"""Models that audits compare with."""

FIXTURES: dict[str, Fixture] = {
    **generic_audits.FIXTURES,
    **operations_audits.FIXTURES,
    "bookings_equal_opportunities": Fixture(
        call="bookings_equal_opportunities(opportunities := fixture.opportunity, currencies := fixture.currency, "
        "blocking := false)",  # without bookings, as when the fixtures are planned, it fails
        columns=columns(_BOOKED),
        passes={
            "two salespeople": [
                _BOOKED | {"won_count": 0, "won_amount": 0},
                _BOOKED | {"lost_count": 0, "lost_amount": 0},
            ],
            "a lost one of no value": [_BOOKED],
        },
        fails={
            "counted twice": (1, [_BOOKED, _BOOKED | {"won_count": 0, "won_amount": 0, "lost_amount": 0}]),
            "valued twice": (1, [_BOOKED | {"won_amount": 10}]),
            "lost": (1, []),
            "of another currency": (2, [_BOOKED | {"currency": "USD"}]),
        },
        depends_on="depends_on (fixture.opportunity, fixture.currency),",
    ),
    "buckets_equal_balance": Fixture(
        call="buckets_equal_balance",
        columns=columns({"as_of_date": "", "closing_minor": 0, **_BUCKETS}),
        passes={"all ages": [{"as_of_date": "2026-03-01", "closing_minor": 525, **_BUCKETS}]},
        fails={
            "an age lost": (
                2,
                [{"as_of_date": "2026-03-01", "closing_minor": 525, **_BUCKETS, "d90_plus_minor": 0}] * 2,
            ),
        },
    ),
    "buckets_equal_entries": Fixture(
        call="buckets_equal_entries",
        columns=columns(_ENTRIES | _BUCKETS),
        passes={"all kinds and ages": [_ENTRIES | _BUCKETS]},
        fails={
            "a kind lost": (1, [_ENTRIES | _BUCKETS, _ENTRIES | _BUCKETS | {"recovered_minor": 0}]),
            "an age lost": (1, [_ENTRIES | _BUCKETS | {"not_due_minor": 401}]),
        },
    ),
    "fault_share": Fixture(
        call="fault_share(max_share := 0.05)",
        columns="fault_rule TEXT",
        passes={
            "nothing arrived": [],
            "no faults": _changes(40, 0),
            "a few of a small batch": _changes(0, 9),
            "just the share": _changes(190, 10),
        },
        fails={"more than the share": (1, _changes(189, 10)), "all of a batch": (1, _changes(0, 10))},
    ),
    "history_is_seamless": Fixture(
        call="history_is_seamless(key := member_id)",
        columns="member_id BIGINT, valid_from TIMESTAMP, valid_to TIMESTAMP, is_current BOOLEAN",
        passes={
            "one version": [_VERSION],
            "two versions, and another member": [
                _VERSION | {"valid_to": "2026-03-01", "is_current": False},
                _VERSION | {"valid_from": "2026-03-01"},
                _VERSION | {"member_id": 2},
            ],
        },
        fails={
            "a gap": (
                1,
                [
                    _VERSION | {"valid_to": "2026-03-01", "is_current": False},
                    _VERSION | {"valid_from": "2026-03-01 00:00:01"},
                ],
            ),
            "an overlap": (
                1,
                [
                    _VERSION | {"valid_to": "2026-03-02", "is_current": False},
                    _VERSION | {"valid_from": "2026-03-01"},
                ],
            ),
            "no length": (
                1,
                [
                    _VERSION | {"valid_to": "2026-03-01", "is_current": False},
                    _VERSION | {"valid_from": "2026-03-01", "valid_to": "2026-03-01", "is_current": False},
                    _VERSION | {"valid_from": "2026-03-01"},
                ],
            ),
            "two open": (1, [_VERSION, _VERSION | {"valid_from": "2026-03-01"}]),
            "none open": (1, [_VERSION | {"is_current": False}]),
            "ended": (1, [_VERSION | {"valid_to": "2026-03-01"}]),
            "first not open to the past": (1, [_VERSION | {"valid_from": "2026-03-01"}]),
        },
    ),
    "history_with_a_beginning": Fixture(
        audit="history_is_seamless",
        call="history_is_seamless(key := member_id, opens_past := FALSE)",
        columns="member_id BIGINT, valid_from DATE, valid_to DATE, is_current BOOLEAN",
        passes={
            "two spans of days": [
                _VERSION | {"valid_from": "2026-01-01", "valid_to": "2026-03-01", "is_current": False},
                _VERSION | {"valid_from": "2026-03-01"},
            ],
        },
        fails={
            "a gap": (
                1,
                [
                    _VERSION | {"valid_from": "2026-01-01", "valid_to": "2026-03-01", "is_current": False},
                    _VERSION | {"valid_from": "2026-03-02"},
                ],
            ),
        },
    ),
    "invoice_balances": Fixture(
        call="invoice_balances(condition := invoice_id < 9)",
        columns=columns(_INVOICE),
        passes={
            "partly paid and credited": [_INVOICE],
            "overpaid": [_INVOICE | {"paid_minor": 1500, "allocated_minor": 1500}],
            "deleted with its rows": [
                _INVOICE
                | {
                    "is_deleted": True,
                    "line_amount_minor": 0,
                    "line_tax_minor": 0,
                    "allocated_minor": 0,
                    "noted_minor": 0,
                }
            ],
            "a row in quarantine": [_INVOICE | {"has_quarantined_row": True, "allocated_minor": 0}],
            "not under the condition": [_INVOICE | {"invoice_id": 9, "allocated_minor": 0}],
        },
        fails={
            "lines add up to less": (1, [_INVOICE, _INVOICE | {"line_amount_minor": 999}]),
            "tax of lines adds up to more": (1, [_INVOICE | {"line_tax_minor": 191}]),
            "total is not subtotal and tax": (1, [_INVOICE | {"total_minor": 1189}]),
            "paid without an allocation": (1, [_INVOICE | {"paid_minor": 601}]),
            "allocated without being paid": (1, [_INVOICE | {"allocated_minor": 601}]),
            "credited without a note": (1, [_INVOICE | {"noted_minor": 0}]),
            "another currency": (1, [_INVOICE | {"foreign_currency_count": 1}]),
            "rows left of a deleted one": (
                1,
                [_INVOICE | {"is_deleted": True, "line_amount_minor": 0, "line_tax_minor": 0, "noted_minor": 0}],
            ),
        },
    ),
    "owner_agrees_with_tracking": Fixture(
        call="owner_agrees_with_tracking(tracked := fixture.tracked)",
        columns="salesforce_account_id TEXT, salesperson_id TEXT, valid_from TIMESTAMP, valid_to TIMESTAMP",
        passes={
            "as tracked": [
                _OWNED | {"salesperson_id": "X", "valid_to": "2026-03-01"},
                _OWNED | {"valid_from": "2026-03-01"},
            ],
            "not tracked": [_OWNED | {"salesforce_account_id": "B", "salesperson_id": "X"}],
        },
        fails={
            "not seen": (1, [_OWNED | {"salesperson_id": "X"}]),
            "seen late": (
                1,
                [
                    _OWNED | {"salesperson_id": "X", "valid_to": "2026-03-01 00:00:01"},
                    _OWNED | {"valid_from": "2026-03-01 00:00:01"},
                ],
            ),
            "the first of two at one instant": (1, [_OWNED | {"salesperson_id": "Y"}]),
        },
        depends_on="depends_on (fixture.tracked),",
    ),
    "payment_balances": Fixture(
        call="payment_balances(condition := payment_id < 9)",
        columns=columns(_PAYMENT),
        passes={
            "all applied, then given back": [_PAYMENT],
            "failed": [_PAYMENT | {"received_minor": 0, "allocated_minor": 0, "refunded_minor": 0}],
            "unapplied": [_PAYMENT | {"allocated_minor": 0}],
            "a row in quarantine": [_PAYMENT | {"has_quarantined_row": True, "received_minor": 0}],
            "not under the condition": [_PAYMENT | {"payment_id": 9, "received_minor": 0}],
        },
        fails={
            "more applied than received": (1, [_PAYMENT, _PAYMENT | {"allocated_minor": 501}]),
            "more given back than received": (1, [_PAYMENT | {"refunded_minor": 501}]),
            "a failed one applied": (1, [_PAYMENT | {"received_minor": 0, "refunded_minor": 0}]),
            "another currency": (1, [_PAYMENT | {"foreign_currency_count": 1}]),
        },
    ),
    "payout_balances": Fixture(
        call="payout_balances",
        columns=columns(_PAYOUT),
        passes={
            "reconciled": [_PAYOUT],
            "not reconciled yet": [_PAYOUT | {"reconciliation_status": "in_progress", "gross_minor": 0}],
            "made by hand": [_PAYOUT | {"is_automatic": False, "gross_minor": 0}],
            "a transaction in quarantine": [_PAYOUT | {"unknown_count": 1, "gross_minor": 0}],
        },
        fails={
            "a cent missing": (1, [_PAYOUT, _PAYOUT | {"gross_minor": 999}]),
            "fees forgotten": (1, [_PAYOUT | {"fee_minor": 0}]),
            "another currency": (1, [_PAYOUT | {"foreign_currency_count": 1}]),
        },
    ),
    "small_cells_suppressed": Fixture(
        call="small_cells_suppressed(threshold := 11)",
        columns="visit_year INT, zip3 TEXT, specialty_group TEXT, visits INT, patients INT, is_suppressed BOOLEAN",
        passes={
            "nothing suppressed": [_CELL | {"specialty_group": "all", "visits": 40, "patients": 22}, _CELL, _CELL],
            "two suppressed": [_CELL | {"specialty_group": "all", "visits": 45}, _CELL, _SECRET, _SECRET],
            "all suppressed": [_SECRET | {"specialty_group": "all"}, _SECRET],
        },
        fails={
            "a small cell": (1, [_CELL | {"specialty_group": "all"}, _CELL | {"patients": 10}]),
            "one that the total gives away": (1, [_CELL | {"specialty_group": "all", "visits": 60}, _CELL, _SECRET]),
            "two that the total gives away": (
                1,
                [_CELL | {"specialty_group": "all", "visits": 30}, _CELL, _SECRET, _SECRET],
            ),
        },
    ),
}

Audit = Callable[[str, list[Row]], int]


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    """Runs an audit over given rows and tells how many it finds fault with."""
    models = {
        name: f"MODEL (name fixture.{name}, kind {fixture.kind}, {fixture.depends_on} audits ({fixture.call}));\n"
        f"SELECT * FROM given.{name}\n"
        for name, fixture in FIXTURES.items()
    }
    models |= {name: f"MODEL (name fixture.{name}, kind VIEW);\n{query}\n" for name, query in PARENTS.items()}
    home = tmp_path_factory.mktemp("audits")
    externals = "".join(
        f"- name: given.{name}\n  columns: {{{fixture.columns.replace(' ', ': ')}}}\n".replace(",: ", ", ")
        for name, fixture in FIXTURES.items()
    )
    (home / "external_models.yaml").write_text(externals)
    with small_project(home, models, "audits", "macros") as opened:
        opened.engine_adapter.execute("CREATE SCHEMA NORTHSTAR.given")
        for name, fixture in FIXTURES.items():
            opened.engine_adapter.execute(f"CREATE TABLE NORTHSTAR.given.{name} ({fixture.columns})")
            _give(opened, name, next(iter(fixture.passes.values())))  # the plan audits as well
        opened.plan("prod", auto_apply=True, no_prompts=True, execution_time=generic_audits.NOW)
        yield lambda name, rows: _faults(opened, name, rows)


def _give(opened: Context, name: str, rows: list[Row]) -> None:
    """Make these the rows that an audit finds."""
    connection = opened.engine_adapter.connection
    connection.execute(f"DELETE FROM NORTHSTAR.given.{name}")
    for row in rows:
        marks = ", ".join("?" for _ in row)
        connection.execute(
            f"INSERT INTO NORTHSTAR.given.{name} ({', '.join(row)}) VALUES ({marks})", list(row.values())
        )


def _faults(opened: Context, name: str, rows: list[Row]) -> int:
    _give(opened, name, rows)
    snapshot = opened.get_snapshot(f"fixture.{name}", raise_if_missing=True)
    if FIXTURES[name].kind != "VIEW":
        table = snapshot.table_name()
        opened.engine_adapter.execute(f"DELETE FROM {table}")
        opened.engine_adapter.execute(f"INSERT INTO {table} BY NAME SELECT * FROM NORTHSTAR.given.{name}")
    results = opened.snapshot_evaluator.audit(
        snapshot, snapshots=opened.snapshots, start="2026-03-08", end="2026-03-09", execution_time=generic_audits.NOW
    )
    assert [result.audit.name for result in results] == [FIXTURES[name].audit or name]
    assert results[0].count is not None
    return results[0].count


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, one in FIXTURES.items() for case in one.passes])
def test_audit_passes(audit: Audit, name: str, case: str) -> None:
    assert audit(name, FIXTURES[name].passes[case]) == 0


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, one in FIXTURES.items() for case in one.fails])
def test_audit_fails(audit: Audit, name: str, case: str) -> None:
    expected, rows = FIXTURES[name].fails[case]

    assert audit(name, rows) == expected


def test_every_audit_is_shown_to_pass_and_to_fail() -> None:
    shown = {fixture.audit or name for name, fixture in FIXTURES.items() if fixture.passes and fixture.fails}

    assert shown == {file.stem for file in (PROJECT / "audits").glob("*.sql")}


def test_every_audit_is_named_like_its_file(context: Context) -> None:
    declared = {name for name, one in context._audits.items()}

    assert declared == {file.stem for file in (PROJECT / "audits").glob("*.sql")}
