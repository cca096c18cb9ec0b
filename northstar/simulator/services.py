"""All servers of the simulated company, started, living and stopped together."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType

from northstar.simulator.company import Company
from northstar.simulator.oltp import activity
from northstar.simulator.postgres_server import PostgresServer
from northstar.simulator.salesforce import SalesforceServer, SalesforceWorld
from northstar.simulator.stripe import StripeServer, StripeWorld


class Services:
    """The company's systems at a moment of its simulated life.

    PostgreSQL keeps its data in a folder.  The others are built anew from the company and live again up to the moment
    given, to the same ids and the same events, so that a warehouse that read them before reads on.
    """

    def __init__(self, postgres: PostgresServer, company: Company, now: datetime) -> None:
        self.postgres = postgres
        self.company = company
        self.stripe = StripeWorld(company)
        self.salesforce = SalesforceWorld(company)
        self._stack = ExitStack()
        if now > company.anchor:
            self.stripe.advance(company.anchor, now)
            self.salesforce.advance(company.anchor, now)

    def __enter__(self) -> Services:
        with ExitStack() as starting:
            self._stripe_server = starting.enter_context(StripeServer(self.stripe.store))
            self._salesforce_server = starting.enter_context(SalesforceServer(self.salesforce.org))
            self._stack = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def environment(self) -> dict[str, str]:
        """The variables by which the warehouse finds these systems."""
        return {
            "NORTHSTAR_APP_DSN": self.postgres.dsn(),
            "NORTHSTAR_STRIPE_API_KEY": self._stripe_server.live_key,
            "NORTHSTAR_STRIPE_API_BASE": self._stripe_server.url,
            **self._salesforce_server.environment(),
        }

    def advance(self, start: datetime, end: datetime) -> None:
        """Let every system live from ``start`` to ``end``."""
        activity.advance(self.postgres.dsn(), self.company, start, end)
        self.stripe.advance(start, end)
        self.salesforce.advance(start, end)


def settings_under(home: Path) -> dict[str, str]:
    """The variables that keep a whole warehouse in one folder."""
    return {
        "NORTHSTAR_DUCKDB": str(home / "northstar.duckdb"),
        "NORTHSTAR_STATE": str(home / "state.duckdb"),
        "NORTHSTAR_LANDING": str(home / "landing"),
        "NORTHSTAR_LOCK": str(home / "writer.lock"),
    }
