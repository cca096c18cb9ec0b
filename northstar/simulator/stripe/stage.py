"""What every part of the simulated account's life shares: the account, the agenda, and chance."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from northstar.simulator.company import dice
from northstar.simulator.stripe.agenda import Agenda
from northstar.simulator.stripe.store import Store


@dataclass
class Stage:
    """Everything follows from the seed and the order of the agenda."""

    seed: int
    store: Store
    agenda: Agenda = field(default_factory=Agenda)

    @property
    def now(self) -> int:
        """The account's clock, in seconds since 1970."""
        return self.store.now

    def roll(self, *labels: object) -> random.Random:
        """Chance of its own for one purpose."""
        return dice(self.seed, "stripe", *labels)
