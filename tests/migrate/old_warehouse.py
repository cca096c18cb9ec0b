"""What the old warehouse is made from in tests: providers, and the mart whose figures its reports tell with faults."""

from __future__ import annotations

import duckdb

MART = "marts_operations.mart_appointment_outcome"


def create_providers(connection: duckdb.DuckDBPyConnection) -> None:
    """Three providers, as the legacy table has them on a night."""
    connection.execute(
        "CREATE TABLE provider AS SELECT CAST(number AS BIGINT) AS provider_id, CAST(1 AS BIGINT) AS account_id, "
        "CAST(1 + number % 2 AS BIGINT) AS home_clinic_id, '100000000' || number AS npi, 'Ada' AS first_name, "
        "'de la Cruz' AS last_name, '207Q00000X' AS specialty_code, 'MD' AS credential, DATE '2020-05-01' AS hired_on, "
        "CAST(NULL AS DATE) AS terminated_on FROM range(1, 4) AS numbers(number)"
    )


def create_mart(connection: duckdb.DuckDBPyConnection) -> None:
    """A fortnight of six clinics in the new warehouse."""
    connection.execute(f"""
        CREATE SCHEMA NORTHSTAR.marts_operations;
        CREATE TABLE NORTHSTAR.{MART} AS
        SELECT clinic_id, kind AS appointment_type_id, DATE '2026-03-01' + CAST(day AS INTEGER) AS local_date,
          10 + (clinic_id * 7 + day * 3 + kind) % 5 AS scheduled_count, (clinic_id + day + kind) % 4 AS no_show_count,
          (clinic_id + day) % 3 AS late_cancelled_count, (day + kind) % 2 AS cancelled_after_start_count,
          CASE WHEN day % 5 = 0 THEN 1 ELSE 0 END AS rescheduled_count
        FROM range(1, 7) AS clinics(clinic_id), range(14) AS days(day), range(2) AS kinds(kind)""")
