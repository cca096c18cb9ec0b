"""Fills raw with half hours of a company's life, or hands them out as Arrow for a landing zone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import duckdb
import pyarrow as pa

from northstar.clock import to_naive_utc
from northstar.ingest.contract import Cursor
from northstar.ingest.ledger import WHOLE_BATCH
from northstar.simulator.volume.changes import FactSql
from northstar.simulator.volume.company import VolumeCompany
from northstar.simulator.volume.directory import DirectorySql, make_lists
from northstar.simulator.volume.life import TICK_US, slots

SOURCE = "app"
OTHER_SOURCES = ("stripe", "salesforce", "partner")
_ROWS_A_SPAN = 4_000_000
"""Enough that planning does not count, and few enough that rows lie in raw about as they arrived."""
_Query = Callable[[int, int], str]


class Generator:
    """Makes a company's change log over one DuckDB connection, in whose temporary schema it keeps its lists."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, company: VolumeCompany) -> None:
        self.company, self._connection = company, connection
        self._prepare(connection)
        facts, directory = FactSql(company), DirectorySql(company)
        self.facts: Mapping[str, _Query] = {
            "scheduling__appointments": facts.appointments,
            "scheduling__appointment_events": facts.appointment_events,
            "billing__invoices": facts.invoices,
            "billing__invoice_lines": facts.invoice_lines,
            "billing__credit_notes": facts.credit_notes,
            "billing__payments": facts.payments,
            "billing__payment_allocations": facts.payment_allocations,
            "billing__refunds": facts.refunds,
        }
        self.directory: Mapping[str, _Query] = {
            "directory__accounts": directory.accounts,
            "directory__clinics": directory.clinics,
            "directory__specialties": directory.specialties,
            "directory__providers": directory.providers,
            "patients__patients": directory.patients,
            "scheduling__appointment_types": directory.appointment_types,
            "scheduling__provider_schedules": directory.provider_schedules,
            "billing__payers": directory.payers,
        }

    @property
    def tables(self) -> Mapping[str, _Query]:
        """By raw table of the app, the query of what was committed from one half hour up to another."""
        return {**self.directory, **self.facts}

    def rows_per_tick(self, tick: int) -> int:
        """Rows of facts that half hour ``tick`` brings; it grows until the longest lives have run their course."""
        counts = [
            self._connection.execute(f"SELECT count(*) FROM ({query(tick, tick + 1)})").fetchone()
            for query in self.facts.values()
        ]
        return sum(row[0] for row in counts if row)

    def fill_raw(self, first: int, last: int, cursor: Cursor | None = None) -> int:
        """Put half hours from ``first`` up to ``last`` into raw as if each had been landed by its tick.

        With the ledger's entries, and every source sealed through the end.  ``cursor`` is where a reader goes on; without
        one it is a ``VolumeSource`` that does.  Returns the number of rows of facts.
        """
        self._connection.execute("CREATE SCHEMA IF NOT EXISTS raw_app")
        spans = list(self._spans(first, last))
        free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        workers = self._workers()
        for connection in workers:
            free.put(connection)

        def fill(object: str) -> int:
            connection = free.get()
            try:
                return sum(self._insert(connection, object, self.tables[object](*span)) for span in spans)
            finally:
                free.put(connection)

        largest_first = [*self.facts, *self.directory]
        with ThreadPoolExecutor(len(workers)) as pool:
            rows = dict(zip(largest_first, pool.map(fill, largest_first), strict=True))
        for connection in workers:
            connection.close()
        self._enter(first, last, cursor or {"volume": last})
        return sum(rows[object] for object in self.facts)

    def _prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        make_lists(connection, self.company)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE volume_slots AS {slots(self.company)}")

    def _workers(self) -> list[duckdb.DuckDBPyConnection]:
        """A connection for each of DuckDB's threads: a query here starts from one list of half hours, so it has one."""
        settings = self._connection.execute("SELECT current_setting('threads'), current_database()").fetchone()
        assert settings
        workers = [self._connection.cursor() for _ in range(int(settings[0]))]
        for connection in workers:
            connection.execute(f'USE "{settings[1]}"')
            self._prepare(connection)
        return workers

    def _spans(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        size = max(1, _ROWS_A_SPAN // (self.company.appointments_per_tick * 9))
        return ((begin, min(begin + size, last)) for begin in range(first, last, size))

    def _insert(self, connection: duckdb.DuckDBPyConnection, object: str, query: str) -> int:
        stamped = f"""
        SELECT *, printf('%010d', tick_no) AS _load_id,
          make_timestamp({int(self.company.start.timestamp()) * 1_000_000} + (tick_no + 1) * {TICK_US} - 1000000) AS _loaded_at
        FROM (SELECT *, greatest(0, (_commit_lsn >> 25) - 1) AS tick_no FROM ({query}))
        """
        stamped = f"SELECT * EXCLUDE (tick_no) FROM ({stamped})"
        target = f"raw_app.{object}"
        connection.execute(f"CREATE TABLE IF NOT EXISTS {target} AS SELECT * FROM ({stamped}) LIMIT 0")
        row = connection.execute(f"INSERT INTO {target} BY NAME {stamped}").fetchone()
        return int(row[0]) if row else 0

    def _enter(self, first: int, last: int, cursor: Cursor) -> None:
        """Write the ledger and the seals of what was filled."""
        begin, end = (to_naive_utc(self.company.boundary(tick)) for tick in (first - 1, last - 1))
        counts = " UNION ALL ".join(
            f"SELECT '{object}' AS object, _load_id, _loaded_at, count(*) AS row_count FROM raw_app.{object} "
            "WHERE _loaded_at >= $begin AND _loaded_at < $end GROUP BY ALL"
            for object in self.tables
        )
        self._connection.execute(
            f"""
            INSERT INTO ops.load_ledger
            WITH counted AS (FROM ({counts})),
            entries AS (FROM counted
              UNION ALL SELECT '{WHOLE_BATCH}', _load_id, _loaded_at, sum(row_count) FROM counted GROUP BY ALL)
            SELECT '{SOURCE}', _load_id::BIGINT + 1, _load_id, object, NULL, NULL, row_count,
              CASE WHEN object = '{WHOLE_BATCH}' THEN $cursor END, _loaded_at, _loaded_at, _loaded_at
            FROM entries ORDER BY _loaded_at, object = '{WHOLE_BATCH}'
            """,
            {"begin": begin, "end": end, "cursor": json.dumps(cursor)},
        )
        for source in (SOURCE, *OTHER_SOURCES):
            self._connection.execute(
                """
                INSERT INTO ops.source_seal
                SELECT $source, begin + to_minutes(30 * n), now()::TIMESTAMP
                FROM (SELECT $begin::TIMESTAMP AS begin), range(1, $count + 1) AS ticks(n)
                """,
                {"source": source, "begin": begin, "count": last - first},
            )

    def arrow(self, object: str, first: int, last: int) -> pa.Table:
        """What was committed in a table from one half hour up to another, without stamps, as a reader lands it."""
        return self._connection.execute(self.tables[object](first, last)).to_arrow_table()
