"""Tables of the old warehouse with rows from before the app's database begins."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from northstar.clock import to_naive_utc

_PROVIDER_HISTORY = """
SELECT
  provider_id, account_id, clinic_id, npi, full_name, specialty, credential, hire_date, term_date, valid_from,
  lead(valid_from, 1, TIMESTAMP '9999-12-31') OVER (PARTITION BY provider_id ORDER BY valid_from) AS valid_to
FROM (
  SELECT
    provider.provider_id, account_id, home_clinic_id AS clinic_id, npi, first_name || ' ' || last_name AS full_name,
    CASE version WHEN 0 THEN '208D00000X' ELSE specialty_code END AS specialty,
    lower(credential) AS credential, hired_on AS hire_date, coalesce(terminated_on, DATE '9999-12-31') AS term_date,
    CAST(? AS TIMESTAMP) + to_days(CAST(200 * version + provider.provider_id % 50 AS INTEGER)) AS valid_from
  FROM {providers} AS provider CROSS JOIN (VALUES (0), (1)) AS versions(version)
)
"""
"""Every provider was a general practitioner first, and has had the present specialty since some day of later."""

_APPOINTMENTS = """
SELECT
  CAST(-1 - number AS BIGINT) AS appointment_id, account_id, clinic_id, provider_id,
  CAST(number % 97 + 1 AS BIGINT) AS patient_id, CAST(number % 3 + 1 AS BIGINT) AS type_id,
  CASE number % 10 WHEN 0 THEN 'NO SHOW' WHEN 1 THEN 'CANCELED' ELSE 'COMPLETED' END AS status,
  start_utc, CAST(30 AS INTEGER) AS minutes, start_utc - INTERVAL 14 DAY AS created_utc,
  start_utc + to_hours(CASE number % 10 WHEN 1 THEN -5 ELSE 1 END) AS last_modified
FROM (
  SELECT
    row_number() OVER (ORDER BY day, provider_id) AS number, account_id, home_clinic_id AS clinic_id, provider_id,
    CAST(? AS TIMESTAMP) + to_days(CAST(day AS INTEGER)) + INTERVAL 15 HOUR AS start_utc
  FROM {providers} AS provider CROSS JOIN range(?) AS days(day)
)
"""
"""A visit a provider and day; the app forgot them, and gives out other numbers."""


def unload_history(
    connection: duckdb.DuckDBPyConnection, providers: str, folder: Path, begin: datetime, days: int
) -> None:
    """Write dw.provider_history and dw.appointments for the providers of a table in the shape of the app's.

    The visits run for ``days`` days from ``begin``; some loads of the old jobs ran twice, which left rows twice.
    """
    for name, query, parameters in (
        ("dw.provider_history", _PROVIDER_HISTORY, [to_naive_utc(begin) - timedelta(days=300)]),
        ("dw.appointments", _APPOINTMENTS, [to_naive_utc(begin), days]),
    ):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE legacy AS {query.format(providers=providers)}", parameters)
        connection.execute("INSERT INTO legacy SELECT * FROM legacy ORDER BY ALL LIMIT 5")
        unload(connection, "SELECT * FROM legacy", folder, name)


def unload(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, name: str) -> None:
    """Write a table of the old warehouse as its unload would: a folder of Parquet files, equal for equal rows."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    path = str(folder / name / "part-000.parquet").replace("'", "''")
    connection.execute(f"COPY (SELECT * FROM ({query}) ORDER BY ALL) TO '{path}' (FORMAT parquet)")
