"""All servers of the simulated company, started, living and stopped together."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType

from northstar.simulator.company import Company
from northstar.simulator.oltp import activity
from northstar.simulator.partner.bucket import FaultyServer, PartnerBucket
from northstar.simulator.partner.world import PartnerWorld
from northstar.simulator.salesforce import SalesforceServer, SalesforceWorld
from northstar.simulator.stripe import StripeServer, StripeWorld


class Services:
    """The company's systems at a moment of its simulated life.

    The app's database is there already.  The others are built anew from the company when the context is entered, and
    live again up to the moment given, to the same ids and the same events, so that a warehouse that read them before
    reads on.
    """

    def __init__(self, app_dsn: str, company: Company, now: datetime) -> None:
        self.app_dsn = app_dsn
        self.company = company
        self._now = now
        self._stack = ExitStack()

    def __enter__(self) -> Services:
        anchor = self.company.anchor
        with ExitStack() as starting:
            self.bucket_server = starting.enter_context(FaultyServer())
            bucket = PartnerBucket(self.bucket_server)
            bucket.clear()  # of another company's, in this process
            self._aws = {**self.bucket_server.environment(), "NORTHSTAR_PARTNER_S3_URL": bucket.url}
            self.partner = PartnerWorld(self.company, bucket, self.app_dsn)
            self.stripe = StripeWorld(self.company)
            self.stripe_server = StripeServer(self.stripe.store)  # takes ids of the account: before it lives on
            self.salesforce = SalesforceWorld(self.company)
            if self._now > anchor:
                self._advance_others(anchor, self._now)
            starting.enter_context(self.stripe_server)
            self.salesforce_server = starting.enter_context(SalesforceServer(self.salesforce.org))
            self._stack = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def environment(self) -> dict[str, str]:
        """The variables by which the warehouse finds these systems."""
        return {
            "NORTHSTAR_APP_DSN": self.app_dsn,
            "NORTHSTAR_STRIPE_API_KEY": self.stripe_server.live_key,
            "NORTHSTAR_STRIPE_API_BASE": self.stripe_server.url,
            **self.salesforce_server.environment(),
            **self._aws,
        }

    def advance(self, start: datetime, end: datetime) -> None:
        """Let every system live from ``start`` to ``end``."""
        activity.advance(self.app_dsn, self.company, start, end)
        self._advance_others(start, end)

    def _advance_others(self, start: datetime, end: datetime) -> None:
        self.stripe.advance(start, end)
        self.salesforce.advance(start, end)
        self.partner.advance(start, end)


def settings_under(home: Path) -> dict[str, str]:
    """The variables that keep a whole warehouse in one folder."""
    return {
        "NORTHSTAR_DUCKDB": str(home / "northstar.duckdb"),
        "NORTHSTAR_STATE": str(home / "state.duckdb"),
        "NORTHSTAR_LANDING": str(home / "landing"),
        "NORTHSTAR_LOCK": str(home / "writer.lock"),
    }
