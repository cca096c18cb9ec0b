"""Reports of the old warehouse: the figures of a mart, as faulty jobs with definitions of their own had them."""

from __future__ import annotations

from pathlib import Path

import duckdb

from northstar.simulator.legacy.history import unload

_DAILY = """
SELECT clinic_id, local_date AS report_date,
       sum(no_show_count + CASE WHEN clinic_id % 2 = 0 THEN late_cancelled_count ELSE 0 END) AS no_shows,
       sum(scheduled_count + rescheduled_count) AS appointments
FROM {mart} GROUP BY 1, 2
"""
"""Half of the clinics' jobs count late cancellations as no-shows; all count a moved appointment twice."""

_RUN_AGAIN = "SELECT * FROM legacy WHERE report_date = (SELECT min(report_date) + 1 FROM legacy)"

_MOVED = """
UPDATE legacy SET report_date = report_date + 1
WHERE clinic_id = (SELECT max(clinic_id) FROM legacy WHERE clinic_id % 2 = 1)
  AND report_date = (SELECT max(report_date) - 2 FROM legacy)
"""
"""A day's figures that one job booked on the next day."""

_EXECUTIVE = """
SELECT clinic_id AS clinic, local_date AS day, sum(no_show_count + cancelled_after_start_count) AS no_show
FROM {mart} GROUP BY 1, 2
"""


def unload_reports(connection: duckdb.DuckDBPyConnection, mart: str, folder: Path) -> None:
    """Write rpt.no_show_daily and exec.clinic_no_shows, made from the appointment outcomes of a mart.

    Faults: two definitions of a no-show, one of them in a copy of the other's logic; appointments counted twice; a
    night that was loaded twice; a day booked on the next one; a last day that was frozen before it was over.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE legacy AS {_DAILY.format(mart=mart)}")
    connection.execute(f"INSERT INTO legacy {_RUN_AGAIN}")
    connection.execute(_MOVED)
    unload(connection, "SELECT * FROM legacy", folder, "rpt.no_show_daily")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE legacy AS {_EXECUTIVE.format(mart=mart)}")
    connection.execute("UPDATE legacy SET no_show = no_show // 2 WHERE day = (SELECT max(day) FROM legacy)")
    unload(connection, "SELECT * FROM legacy", folder, "exec.clinic_no_shows")
