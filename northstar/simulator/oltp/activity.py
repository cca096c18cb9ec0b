"""Let the clinics work: the app's database moves on by simulated time."""

from __future__ import annotations

from datetime import datetime

import psycopg

from northstar.clock import next_boundary
from northstar.simulator.company import Company
from northstar.simulator.oltp import (
    activity_billing,
    activity_bookings,
    activity_corrections,
    activity_directory,
    activity_office,
    activity_people,
    activity_visits,
    awkward,
    extra_rows,
)
from northstar.simulator.oltp.openings import Openings
from northstar.simulator.oltp.tick import Tick


def advance(dsn: str, company: Company, start: datetime, end: datetime) -> None:
    """Do the work of (start, end], half an hour at a time; every changed row gets an updated_at within it.

    Cut at half-hour boundaries, the work is the same however many calls it takes.  Less than three minutes are too
    short for what follows within a minute from something else.
    What happens follows from the company's seed, from ``start`` and from what is in the database.
    """
    with psycopg.connect(dsn, autocommit=True, options="-c timezone=UTC -c synchronous_commit=off") as conn:
        while start < end:
            until = min(next_boundary(start), end)
            _work(Tick(conn, company, start, until))
            start = until


def _work(tick: Tick) -> None:
    openings = Openings(tick)
    activity_visits.plan(tick)
    activity_directory.plan(tick, openings)
    activity_bookings.plan(tick, openings)
    activity_people.plan(tick, openings)
    activity_office.plan(tick, openings)
    activity_billing.plan(tick)
    activity_corrections.plan(tick)
    extra_rows.plan(tick)
    awkward.plan(tick)
    activity_people.merge(tick, openings)
    tick.execute()
