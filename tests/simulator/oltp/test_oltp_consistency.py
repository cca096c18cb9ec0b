"""Every row tells the same story as the others: keys, times, statuses, events, and money."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from oltp_rules import ALL_RULES
from psycopg import sql

from northstar.simulator.company import Company
from northstar.simulator.oltp.layout import luhn_digit


@pytest.mark.parametrize("rule", ALL_RULES)
def test_no_row_breaks(worked: psycopg.Connection[Any], rule: str) -> None:
    broken = worked.execute(f"SELECT count(*) FROM ({ALL_RULES[rule]}) broken".encode()).fetchone()
    assert broken == (0,)


def test_foreign_keys_hold(worked: psycopg.Connection[Any]) -> None:
    """The seed is loaded without checking them, so each is checked here."""
    query = """
        SELECT conrelid::regclass::text, confrelid::regclass::text, a.attname, b.attname
        FROM pg_constraint
            JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
            JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = confkey[1]
        WHERE contype = 'f'
    """
    found = worked.execute(query).fetchall()
    assert len(found) > 50
    for table, other, column, key in found:
        orphans = sql.SQL("SELECT count(*) FROM {t} WHERE {c} IS NOT NULL AND {c} NOT IN (SELECT {k} FROM {o})").format(
            t=sql.Identifier(*table.split(".")), o=sql.Identifier(*other.split(".")), c=sql.Identifier(column),
            k=sql.Identifier(key),
        )  # fmt: skip
        assert worked.execute(orphans).fetchone() == (0,), (table, column)


def test_npis_are_well_formed_and_unique(worked: psycopg.Connection[Any]) -> None:
    npis = [row[0] for row in worked.execute("SELECT npi FROM directory.providers")]
    assert len(npis) == len(set(npis)) > 0
    for npi in npis:
        digits = [int(char) for char in "80840" + npi]
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
        assert len(npi) == 10 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def test_luhn_digit_of_a_published_example() -> None:
    assert luhn_digit("123456789") == 3  # the example in the standard: 1234567893


def test_nothing_lies_after_its_time(worked: psycopg.Connection[Any], company: Company) -> None:
    """The seed knows nothing after the anchor."""
    query = "SELECT max(updated_at), max(created_at) FROM before.{table}"
    for table in ("appointments", "invoices", "patients", "providers", "clinics"):
        latest = worked.execute(query.format(table=table).encode()).fetchone()
        assert latest is not None and max(latest) <= company.anchor


def test_nobody_is_real(worked: psycopg.Connection[Any]) -> None:
    odd = """
        SELECT 1 FROM patients.patients
        WHERE email !~ '@example\\.(com|net|org)$' OR phone !~ '-555-01[0-9]{2}$'
            OR social_security_number !~ '^9[0-9]{2}-[0-4][0-9]-[0-9]{4}$'
    """
    assert worked.execute(f"SELECT count(*) FROM ({odd}) odd".encode()).fetchone() == (0,)
