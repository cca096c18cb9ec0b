"""The same transformation written by hand: as few statements as it takes, on the same connection and raw data.

What appointments and their events cost at least: the limit beside which the models are measured.  It reads the views of
staging, because tokenising patients is part of the work, and keeps the tables that the models keep.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from northstar.warehouse import Warehouse

_IMAGE = """appointment_id, account_id, clinic_id, provider_id, patient_key, appointment_type_id, rescheduled_from_id,
  created_at, booked_at, starts_at, ends_at, arrived_at, checked_in_at, fulfilled_at, cancelled_at, status,
  cancellation_reason_code, is_telehealth, changed_at"""
_PLAUSIBLE = "BETWEEN TIMESTAMP '2000-01-01' AND committed_at + INTERVAL 5 YEAR"
_APPOINTMENT_CHANGES = f"""
  SELECT *, CASE
    WHEN operation = 'D' THEN NULL
    WHEN clinic_id IS NULL OR provider_id IS NULL OR patient_key IS NULL THEN 'missing_key'
    WHEN starts_at IS NULL OR ends_at IS NULL THEN 'missing_time'
    WHEN status NOT IN ('proposed', 'pending', 'booked', 'arrived', 'checked-in', 'fulfilled', 'cancelled', 'noshow',
                        'entered-in-error', 'waitlist') THEN 'unknown_status'
    WHEN ends_at <= starts_at THEN 'ends_not_after_start'
    WHEN ends_at > starts_at + INTERVAL 24 HOUR THEN 'implausible_length'
    WHEN starts_at NOT {_PLAUSIBLE} THEN 'implausible_date' END AS fault_rule
  FROM staging.stg_app__appointment
"""
_EVENT_CHANGES = """
  SELECT *, CASE WHEN operation = 'D' THEN NULL WHEN operation = 'U' THEN 'append_only_violated'
                 WHEN occurred_at IS NULL THEN 'missing_time' END AS fault_rule
  FROM staging.stg_app__appointment_event
"""
_FACTS = {
    "core.fct_appointment": f"""
        SELECT {_IMAGE}, is_deleted, date_diff('second', starts_at, ends_at) AS scheduled_seconds,
          date_diff('second', booked_at, starts_at) AS booking_lead_seconds,
          date_diff('second', cancelled_at, starts_at) AS cancellation_lead_seconds
        FROM by_hand.appointment""",
    "core.fct_appointment_event": """
        SELECT event_id, appointment_id, occurred_at, from_status, to_status, from_starts_at, to_starts_at, actor,
          loaded_at
        FROM by_hand.event_change AS event WHERE operation IN ('R', 'I') AND fault_rule IS NULL
          AND NOT EXISTS (FROM by_hand.event_change AS deleted WHERE deleted.operation = 'D'
            AND deleted.event_id = event.event_id
            AND (deleted.commit_lsn, deleted.commit_seq) > (event.commit_lsn, event.commit_seq))""",
}
COMPARED = tuple(_FACTS)
"""The models whose result is made by hand as well."""
KEPT_BY_HAND = (
    "intermediate.int_scheduling__appointment_change",
    "intermediate.int_scheduling__appointment_event_change",
    "intermediate.int_scheduling__appointment",
    *COMPARED,
)
"""The models of the tables that are kept by hand."""


class ByHand:
    """Keeps its tables in the schema ``by_hand`` of the warehouse."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        for statement in (
            "CREATE SCHEMA by_hand",
            f"CREATE TABLE by_hand.appointment_change AS FROM ({_APPOINTMENT_CHANGES}) LIMIT 0",
            f"CREATE TABLE by_hand.event_change AS FROM ({_EVENT_CHANGES}) LIMIT 0",
            f"CREATE TABLE by_hand.appointment AS SELECT {_IMAGE}, false AS is_deleted FROM by_hand.appointment_change",
        ):
            self._connection.execute(statement)

    @property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return self._warehouse.connection

    def run(self, begin: datetime, end: datetime) -> None:
        """Take in what was loaded from ``begin`` up to ``end``, both UTC without a zone."""
        interval = f"loaded_at >= TIMESTAMP '{begin}' AND loaded_at < TIMESTAMP '{end}'"
        self._connection.execute("BEGIN")
        for statement in (
            f"INSERT INTO by_hand.appointment_change FROM ({_APPOINTMENT_CHANGES}) WHERE {interval}",
            f"INSERT INTO by_hand.event_change FROM ({_EVENT_CHANGES}) WHERE {interval}",
            # The newest image of the keys that changed: keys first, then the columns of few rows.
            f"""
            CREATE OR REPLACE TEMP TABLE latest AS
            WITH touched AS (SELECT DISTINCT appointment_id FROM by_hand.appointment_change WHERE {interval}),
            known AS (
              SELECT logged.* FROM by_hand.appointment_change AS logged SEMI JOIN touched USING (appointment_id)
              WHERE fault_rule IS NULL
              QUALIFY operation <> 'D' AND row_number() OVER (
                PARTITION BY appointment_id, operation = 'D' ORDER BY commit_lsn DESC, commit_seq DESC) = 1),
            gone AS (
              SELECT appointment_id, max((commit_lsn, commit_seq)) AS place FROM by_hand.appointment_change
              SEMI JOIN touched USING (appointment_id) WHERE operation = 'D' GROUP BY ALL)
            SELECT {_IMAGE}, coalesce(place > (commit_lsn, commit_seq), false) AS is_deleted
            FROM known LEFT JOIN gone USING (appointment_id)""",
            "DELETE FROM by_hand.appointment WHERE appointment_id IN (SELECT appointment_id FROM latest)",
            "INSERT INTO by_hand.appointment FROM latest",
        ):
            self._connection.execute(statement)
        self._connection.execute("COMMIT")

    def differences(self) -> dict[str, int]:
        """By model, how many rows only one of the two has."""
        found = {}
        for model, query in _FACTS.items():
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW written AS {query}")
            columns = ", ".join(row[0] for row in self._connection.execute("DESCRIBE written").fetchall())
            modelled = f"SELECT {columns} FROM {model}"
            row = self._connection.execute(f"""
                SELECT count(*) FROM ((FROM written EXCEPT ALL {modelled}) UNION ALL
                                      ({modelled} EXCEPT ALL FROM written))""").fetchone()
            found[model] = int(row[0]) if row else 0
        return found
