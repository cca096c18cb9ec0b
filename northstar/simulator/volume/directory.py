"""The change log of who and where: a snapshot of each table when the log begins, and a few updates in every half hour.

The words, places and prices are the simulated company's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import duckdb

from northstar.simulator.oltp import words
from northstar.simulator.oltp.places import MONEY, PLACES
from northstar.simulator.volume.company import CLINICS_PER_ACCOUNT, PROVIDERS_PER_CLINIC, VolumeCompany
from northstar.simulator.volume.life import STEPS, TICK_US

_UPDATES_IN_LSN = 16
"""A step's number behind all steps of appointments: a directory's updates are the last of their half hour."""
_SNAPSHOT_LSN = 1
assert len(STEPS) < _UPDATES_IN_LSN


def make_lists(connection: duckdb.DuckDBPyConnection, company: VolumeCompany) -> None:
    """Create the small temporary tables that the queries of the whole package join or index."""
    _table(connection, "volume_place", "place, country, city, state, time_zone, region, postal_code", [
        (number, place.country, place.city, place.state or None, place.time_zone, place.region, place.postal_codes[0])
        for number, place in enumerate(PLACES)
    ])  # fmt: skip
    _table(connection, "volume_rate", "country, currency, minor_per_dollar, step_minor, tax_rate", [
        (country, money.currency, int(money.minor_per_dollar), money.step, money.tax_rate)
        for country, money in MONEY.items()
    ])  # fmt: skip
    numbers = {
        city: [n for n, place in enumerate(PLACES) if place.city == city] for city in ("Tokyo", "London", "Berlin")
    }
    american = [n for n, place in enumerate(PLACES) if place.country == "US"]
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE volume_clinic AS
        SELECT clinic, clinic // {CLINICS_PER_ACCOUNT} + 1 AS account_id, place.*
        FROM (SELECT clinic, CASE
            WHEN clinic // {CLINICS_PER_ACCOUNT} < {company.asian_accounts} THEN {numbers["Tokyo"][0]}
            WHEN clinic // {CLINICS_PER_ACCOUNT} < {company.eastern_accounts} THEN
              {[*numbers["London"], *numbers["Berlin"]]}[1 + (clinic // {CLINICS_PER_ACCOUNT}) % 2]
            ELSE {american}[1 + (hash(clinic, {company.seed}, 30) % {len(american)})::BIGINT] END AS place
          FROM range({company.clinics}) AS numbers(clinic)) AS located
        JOIN volume_place AS place USING (place)
    """)
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE volume_money AS
        SELECT clinic, rate.* EXCLUDE (country) FROM volume_clinic JOIN volume_rate AS rate USING (country)
    """)


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    marks = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM (VALUES {marks}) AS listed({columns})",
        [value for row in rows for value in row],
    )


def _picked(values: Sequence[str], index: str) -> str:
    literals = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"[{literals}][1 + ({index} % {len(values)})::BIGINT]"


class DirectorySql:
    """Writes the queries for one company."""

    def __init__(self, company: VolumeCompany) -> None:
        self._company = company
        self._start = f"TIMESTAMP '{company.start:%Y-%m-%d %H:%M:%S}'"
        self._made = f"TIMESTAMP '{company.start - timedelta(days=400):%Y-%m-%d %H:%M:%S}'"

    def _rows(self, count: int, first: int, last: int, updates: float = 0.0) -> str:
        """Keys from 0 with the columns of ingestion: all at the begin, then about so many updates in a half hour.

        ``k`` is the key, ``version`` 0 of the snapshot, else a number that tells images of a key apart.
        """
        branches = []
        if first == 0:
            branches.append(
                f"SELECT 0 AS t, k, 0 AS version, 'R' AS _op, {_SNAPSHOT_LSN} AS _commit_lsn, k AS _seq, "
                f"{self._start} AS _commit_ts, {self._made} AS updated_at FROM range({count}) AS keys(k)"
            )
        if updates:
            every = max(1, round(1 / updates)) if updates < 1 else 1
            number = max(1, round(updates))
            lsn = f"(((t + 1)::BIGINT * 32 + {_UPDATES_IN_LSN}) << 20)"
            ended = f"make_timestamp(epoch_us({self._start}) + (t + 1)::BIGINT * {TICK_US} - 1000000)"
            branches.append(
                f"SELECT t, (hash(t, n, {self._company.seed}, 31) % {count})::BIGINT AS k, t * {number} + n + 1 AS version, "
                f"'U' AS _op, {lsn} AS _commit_lsn, n AS _seq, {ended} AS _commit_ts, {ended} AS updated_at "
                f"FROM range({max(first, 1)}, {max(last, 1)}) AS ticks(t), range({number}) AS changes(n) WHERE t % {every} = 0"
            )
        if not branches:
            return self._rows(0, 0, 1)
        return f"({' UNION ALL BY NAME '.join(branches)})"

    def _log(self) -> str:
        return (
            "_op::VARCHAR AS _op, _commit_lsn::BIGINT AS _commit_lsn, _seq::BIGINT AS _seq, _commit_ts::TIMESTAMP AS _commit_ts, "
            "_commit_lsn::BIGINT AS _xid, NULL::VARCHAR AS _unchanged"
        )

    def _small(self, alias: str, columns: str, rows: Sequence[tuple[object, ...]]) -> str:
        """A list in place; only letters, digits and plain punctuation may be in it."""
        values = ", ".join(
            "("
            + ", ".join("'" + v.replace("'", "''") + "'" if isinstance(v, str) else str(v).lower() for v in row)
            + ")"
            for row in rows
        )
        return f"(VALUES {values}) AS {alias}({columns})"

    def accounts(self, first: int, last: int) -> str:
        """``directory.accounts``."""
        return f"""
        SELECT {self._log()}, account_id, 'NS-V' || (100000 + account_id) AS account_number,
          'Clinic group ' || account_id AS name, {_picked(("smb", "smb", "mid_market", "enterprise"), "k")} AS segment,
          {_picked(("starter", "growth", "growth", "enterprise"), "k")} AS plan_code, 'active' AS status,
          clinic.country AS billing_country, rate.currency AS billing_currency,
          'billing@ns-v' || account_id || '.example.com' AS billing_email, NULL::VARCHAR AS stripe_customer_id,
          NULL::VARCHAR AS salesforce_account_id, {self._made} AS created_at, updated_at
        FROM {self._rows(self._company.accounts, first, last)}
        JOIN volume_clinic AS clinic ON clinic.clinic = k * {CLINICS_PER_ACCOUNT}
        JOIN volume_rate AS rate ON rate.country = clinic.country
        """

    def clinics(self, first: int, last: int) -> str:
        """``directory.clinics``: about once a day one changes its region."""
        return f"""
        SELECT {self._log()}, k + 1 AS clinic_id, account_id, 'V' || k AS clinic_code, city || ' Clinic ' || k AS name,
          CASE WHEN version = 0 THEN region ELSE region || '-' || (1 + version % 3) END AS region_code, time_zone,
          (1 + k % 999) || ' Beacon Street' AS street_address, city, state AS state_code, postal_code, country,
          NULL::VARCHAR AS phone, ({self._made})::DATE AS opened_on, NULL::DATE AS closed_on, {self._made} AS created_at,
          updated_at
        FROM {self._rows(self._company.clinics, first, last, 1 / 48)} JOIN volume_clinic ON clinic = k
        """

    def specialties(self, first: int, last: int) -> str:
        """``directory.specialties``."""
        listed = [(number, *row) for number, row in enumerate(words.SPECIALTIES)]
        return f"""
        SELECT {self._log()}, specialty_code, name, "grouping"
        FROM {self._rows(len(words.SPECIALTIES), first, last)}
        JOIN {self._small("listed", 'i, specialty_code, name, "grouping"', listed)} ON i = k
        """

    def providers(self, first: int, last: int) -> str:
        """``directory.providers``: in each half hour one in 2,000 changes specialty."""
        updates = max(1 / 8, self._company.providers / 2000)
        codes = [row[0] for row in words.SPECIALTIES]
        return f"""
        SELECT {self._log()}, k + 1 AS provider_id, account_id, clinic + 1 AS home_clinic_id,
          (1000000000 + k)::VARCHAR AS npi, {_picked(words.FIRST_NAMES, "k")} AS first_name,
          {_picked(words.LAST_NAMES, "k // 7")} AS last_name, 'provider' || k || '@example.org' AS email,
          {_picked(codes, f"hash(k, version, {self._company.seed}, 32)")} AS specialty_code,
          {_picked(words.CREDENTIALS, "k")} AS credential, ({self._made})::DATE AS hired_on, NULL::DATE AS terminated_on,
          {self._made} AS created_at, updated_at
        FROM {self._rows(self._company.providers, first, last, updates)}
        JOIN volume_clinic ON clinic = k // {PROVIDERS_PER_CLINIC}
        """

    def patients(self, first: int, last: int) -> str:
        """``patients.patients``: some move in each half hour, one for twenty bookings."""
        return f"""
        SELECT {self._log()}, k + 1 AS patient_id, account_id, clinic + 1 AS primary_clinic_id,
          'MRN' || (k + 1) AS medical_record_number, {_picked(words.FIRST_NAMES, "k")} AS first_name,
          {_picked(words.LAST_NAMES, "k // 3")} AS last_name,
          ({self._start})::DATE - (365 + hash(k, {self._company.seed}, 33) % 33000)::INTEGER AS birth_date,
          {_picked(("female", "female", "male", "male", "other"), f"hash(k, {self._company.seed}, 34)")} AS sex,
          'patient' || k || '@example.com' AS email, NULL::VARCHAR AS phone, NULL::VARCHAR AS social_security_number,
          (1 + hash(k, version) % 999) || ' Cedar Lane' AS street_address, city, state AS state_code, postal_code,
          'MB' || k AS member_id, {self._made} AS created_at, updated_at
        FROM {self._rows(self._company.patients, first, last, max(1 / 8, self._company.appointments_per_tick / 20))}
        JOIN volume_clinic ON clinic = k // {self._company.patients_per_clinic}
        """

    def appointment_types(self, first: int, last: int) -> str:
        """``scheduling.appointment_types``: the same of every account."""
        listed = [(number, *row[:4]) for number, row in enumerate(words.APPOINTMENT_TYPES)]
        return f"""
        SELECT {self._log()}, (k // {len(listed)} + 1) * 10 + i + 1 AS appointment_type_id,
          k // {len(listed)} + 1 AS account_id, code, name, default_minutes, is_telehealth, true AS is_active, updated_at
        FROM {self._rows(self._company.accounts * len(listed), first, last)}
        JOIN {self._small("listed", "i, code, name, default_minutes, is_telehealth", listed)} ON i = k % {len(listed)}
        """

    def provider_schedules(self, first: int, last: int) -> str:
        """``scheduling.provider_schedules``: each provider every day from 6 to 21 o'clock, as the clock at home says."""
        return f"""
        SELECT {self._log()}, k + 1 AS schedule_id, k // 7 + 1 AS provider_id,
          k // 7 // {PROVIDERS_PER_CLINIC} + 1 AS clinic_id, (k % 7 + 1)::SMALLINT AS iso_weekday,
          '06:00:00' AS starts_at, '21:00:00' AS ends_at, 30 AS slot_minutes, ({self._made})::DATE AS valid_from,
          NULL::DATE AS valid_to, updated_at
        FROM {self._rows(self._company.providers * 7, first, last)}
        """

    def payers(self, first: int, last: int) -> str:
        """``billing.payers``."""
        listed = [(number, *row) for number, row in enumerate(words.PAYERS)]
        return f"""
        SELECT {self._log()}, k + 1 AS payer_id, payer_code, name, kind, true AS is_active, updated_at
        FROM {self._rows(len(words.PAYERS), first, last)}
        JOIN {self._small("listed", "i, payer_code, name, kind", listed)} ON i = k
        """
