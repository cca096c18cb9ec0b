"""The whole simulated company on one PostgreSQL database: what the month's scenario and its oracles build upon."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from lab import Lab, open_lab

from northstar.simulator.company import Company
from northstar.simulator.postgres_server import PostgresServer
from northstar.simulator.services import Services

SOURCES = ("app", "stripe", "salesforce", "partner")
Json = dict[str, Any]


@dataclass
class StripeMemory:
    """What Stripe has told of its subscriptions and discounts: how they were when first listed, and each event since.

    Stripe keeps no history of a subscription, and forgets an event after 30 days; a reader knows what it was told.
    """

    first_told: int | None = None
    """When everything was listed, in seconds since 1970; None before."""
    images: dict[str, list[tuple[int, Json]]] = field(default_factory=lambda: defaultdict(list))
    """By subscription: since when, and how it was from then on, oldest first."""
    discounts: dict[str, Json] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    """When a dispute was told to be lost; one that was lost when first listed is not here."""
    _last: str | None = None

    def begin(self, services: Services) -> None:
        """Everything is listed now."""
        store = services.stripe.store
        self.first_told = store.now
        for row in store.kinds["subscription"]:
            self.images[row["id"]].append((store.now, _image(row)))
        events = list(store.kinds["event"])
        self._last = events[-1]["id"] if events else None
        self.note(services)

    def note(self, services: Services) -> None:
        """Take in the events since the last time; at least once in 30 days."""
        store = services.stripe.store
        for row in store.kinds["subscription"]:
            self.discounts |= {discount["id"]: copy.deepcopy(discount) for discount in row["discounts"]}
        if self.first_told is None:
            return
        told = list(store.kinds["event"])
        places = {event["id"]: place for place, event in enumerate(told)}
        assert self._last is None or self._last in places, "events have expired unread"
        for event in told[places[self._last] + 1 if self._last else 0 :]:
            body = event["data"]["object"]
            if body["object"] == "subscription":
                items = body["items"]["data"]
                self.images[body["id"]].append((event["created"], copy.deepcopy({**body, "items": items})))
            if body["object"] == "dispute" and body["status"] == "lost":
                self.lost.setdefault(body["id"], event["created"])
            if body["object"] == "discount":
                self.discounts[body["id"]] = copy.deepcopy(body)
            self._last = event["id"]


def _image(row: Json) -> Json:
    return copy.deepcopy({**row, "discounts": [discount["id"] for discount in row["discounts"]]})


@dataclass
class CompanyLab(Lab):
    """A lab in which Stripe, Salesforce and the partners live along with the clinics."""

    services: Services
    told: StripeMemory = field(default_factory=StripeMemory)

    def live(self, until: datetime) -> None:
        """Let everybody work up to ``until``."""
        self.told.note(self.services)
        self.services.advance(self.now, until)
        self.now = until
        self.told.note(self.services)

    def environment(self) -> dict[str, str]:
        """The variables by which a warehouse finds the four systems."""
        return self.services.environment()


@contextmanager
def open_company(server: PostgresServer, company: Company) -> Iterator[CompanyLab]:
    """A company with all its systems, at its anchor."""
    with (
        open_lab(server, company, extra_tables=0) as lab,
        Services(lab.dsn, company, company.anchor) as services,
        pytest.MonkeyPatch.context() as patch,
    ):
        for variable, value in services.environment().items():
            if variable.startswith("AWS_"):  # boto3 looks at the process's environment
                patch.setenv(variable, value)
        yield CompanyLab(lab.dsn, company, lab.now, services)
