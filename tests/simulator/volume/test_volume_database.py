"""The generated company's PostgreSQL: what is read from its log is what the generator would have landed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import psycopg

from northstar.ingest.duckdb_sink import DuckDBSink
from northstar.ingest.landing import LandingZone
from northstar.ingest.registry import open_source
from northstar.ingest.runner import ingest
from northstar.simulator.volume import Generator, VolumeCompany
from northstar.simulator.volume.database import AppDatabase

COMPANY = VolumeCompany(40, patients_per_clinic=40, mean_lead_days=1.0)
FILLED, ADVANCED = 300, 340
_PLACE = "EXCLUDE (_commit_lsn, _seq, _commit_ts, _xid, _load_id, _loaded_at)"


def test_a_reader_goes_on_in_the_log_where_generated_history_ends(
    new_raw: Callable[[str], duckdb.DuckDBPyConnection], tmp_path: Path
) -> None:
    read, filled = new_raw("from_postgres"), new_raw("from_generator")
    landing = LandingZone(str(tmp_path / "zone"))
    with AppDatabase(COMPANY, extra_tables=40) as app:
        generator = Generator(read, COMPANY)
        generator.fill_raw(0, FILLED, app.fill(FILLED))
        sink = DuckDBSink(read, landing, owns=False)
        made = app.advance(ADVANCED)
        assert app.advance(ADVANCED) == 0
        source = open_source("app", app.environment())
        report = ingest(source, sink, landing, COMPANY.boundary(ADVANCED - 1))
        source.close()
        with psycopg.connect(app.dsn) as conn:
            booked = conn.execute("SELECT status, count(*) FROM scheduling.appointments GROUP BY 1").fetchall()
    assert report.rows == made
    assert not report.notices
    Generator(filled, COMPANY).fill_raw(0, ADVANCED)
    for table in generator.tables:
        rows = f"SELECT * {_PLACE} FROM raw_app.{table} ORDER BY ALL"
        assert read.execute(rows).fetchall() == filled.execute(rows).fetchall(), table
    places = """
        SELECT
          min(_commit_lsn) FILTER (_load_id LIKE '%-changes') > max(_commit_lsn) FILTER (_load_id NOT LIKE '%-changes')
        FROM raw_app.scheduling__appointments
    """
    assert read.execute(places).fetchall() == [(True,)]
    last = """
        SELECT status, count(*) FROM (FROM raw_app.scheduling__appointments
        QUALIFY row_number() OVER (PARTITION BY appointment_id ORDER BY _commit_lsn DESC) = 1) GROUP BY 1
    """
    assert sorted(filled.execute(last).fetchall()) == sorted(booked)
    others = set(report.objects) - set(generator.tables)
    assert others, "nothing but modelled tables changed"
