"""Owners of accounts, as polls and Salesforce's own history tell them, equal a replay in plain Python.

Hypothesis makes up the lives of a few dozen accounts, which are polled side by side in one warehouse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from owner_lab import POLLED, VERSION, Lab, lab
from sqlmesh.core.console import NoopConsole, set_console

pytestmark = pytest.mark.slow

POLLS = ("09:30", "10:00", "10:30", "11:00")
BEGINS = datetime(2026, 3, 2, 8)
PAST = "past"
Owners = list[tuple[str, str]]


@dataclass(frozen=True)
class Account:
    """Who owned an account from when on, and which polls saw it."""

    owners: tuple[str | None, ...]
    times: tuple[datetime, ...]
    polls: tuple[int, ...]
    """The first poll that can have seen each owner."""
    tracked: str
    """What Salesforce's own history knows: all, nothing, or all but the first change."""

    def seen(self) -> list[tuple[str, datetime]]:
        """What polls saw, dated by the record, by a microsecond more for each image of the same second."""
        found: list[tuple[str, datetime]] = []
        ties = 0
        for number, poll in enumerate(self.polls):
            if number + 1 < len(self.polls) and self.polls[number + 1] == poll:
                continue  # another change came before the poll
            ties = ties + 1 if self._repeats(number, found) else 0
            found.append((self.owners[number] or "-1", self.times[number] + ties * timedelta(microseconds=1)))
        return found

    def _repeats(self, number: int, found: Sequence[tuple[str, datetime]]) -> bool:
        return bool(found) and found[-1][1].replace(microsecond=0) == self.times[number]

    def entries(self) -> list[tuple[str, str, datetime]]:
        """Salesforce's own history: old owner, new owner, when."""
        steps = pairwise(zip(self.owners, self.times, strict=True))
        found = [(old or "", new or "", at) for (old, _), (new, at) in steps if old != new]
        return {"all": found, "nothing": [], "all but the first": found[1:]}[self.tracked]

    def expected(self) -> Owners:
        """The tracked history where it says what every poll saw and has no hole, else what polls saw."""
        entries = self.entries()
        told: list[tuple[str, datetime]] = []
        if entries:
            ends = {at: new for _, new, at in entries}  # of several at one instant the last
            told = [(entries[0][0], BEGINS), *((new, at) for at, new in sorted(ends.items()))]
        if not told or any(_at(told, at) != owner for owner, at in self.seen()):
            told = self.seen()
        return _named(told)


def _at(told: Sequence[tuple[str, datetime]], moment: datetime) -> str:
    return [owner for number, (owner, since) in enumerate(told) if since <= moment or not number][-1]


def _named(told: Sequence[tuple[str, datetime]]) -> Owners:
    kept = [told[0], *(later for earlier, later in pairwise(told) if earlier[0] != later[0])]
    return [(owner, f"{since:%H:%M:%S.%f}" if number else PAST) for number, (owner, since) in enumerate(kept)]


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """An account that changes hands a few times, now and then twice within a second, also across a poll."""
    tracked = draw(st.sampled_from(("all", "all", "nothing", "nothing", "all but the first")))
    names: list[str | None] = ["X", "Y", "Z", *([None] if tracked == "nothing" else [])]
    owners, times, polls = [draw(st.sampled_from(names))], [BEGINS], [draw(st.integers(0, 1))]
    for _ in range(draw(st.integers(0, 4))):
        poll = min(polls[-1] + draw(st.integers(0, 2)), len(POLLS) - 1)
        window = BEGINS.replace(hour=9) + poll * timedelta(minutes=30)
        same = draw(st.booleans()) and times[-1] > BEGINS
        times.append(times[-1] if same else max(times[-1], window) + timedelta(minutes=draw(st.integers(1, 3))))
        owners.append(draw(st.sampled_from(names)))
        polls.append(poll)
    return Account(tuple(owners), tuple(times), tuple(polls), tracked)


def poll(here: Lab, name: str, account: Account, number: int) -> None:
    """What the numbered poll brings of an account."""
    seen = [place for place, first in enumerate(account.polls) if first == number]
    if seen:
        loaded_at = (BEGINS.replace(hour=9, minute=29) + number * timedelta(minutes=30)).strftime("%H:%M")
        at = account.times[seen[-1]].strftime("%H:%M:%S")
        here.poll(name, account.owners[seen[-1]], at, loaded_at, "U" if number else "R")


def live(here: Lab, company: Sequence[Account]) -> None:
    """Poll all accounts at every tick, and compare at the end."""
    for number, at in enumerate(POLLS):
        for name, account in enumerate(company):
            poll(here, str(name), account, number)
        if not number:
            here.deploy(at)
        if number == len(POLLS) - 1:
            for name, account in enumerate(company):
                for old, new, since in account.entries():
                    here.track(str(name), old, new, since.strftime("%H:%M:%S"))
        here.tick(at)


def owners(here: Lab, model: str) -> dict[str, Owners]:
    """Of each account, who owned it from when on."""
    found: dict[str, Owners] = {}
    for account, owner, since in here.context.engine_adapter.fetchall(
        f"SELECT salesforce_account_id, owner_id, valid_from FROM {model} ORDER BY 1, 3"
    ):
        found.setdefault(account, []).append((owner, PAST if since.year == 1900 else f"{since:%H:%M:%S.%f}"))
    return found


def test_owners_are_those_that_polls_saw_and_salesforce_tracked(tmp_path_factory: pytest.TempPathFactory) -> None:
    set_console(NoopConsole())
    lived: set[str] = set()

    @settings(
        max_examples=3, deadline=None, derandomize=True, database=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(accounts(), min_size=60, max_size=60))
    def exact(company: list[Account]) -> None:
        with lab(tmp_path_factory.mktemp("owners") / "home") as here:
            live(here, company)
            polled, version = owners(here, POLLED), owners(here, VERSION)
        for name, account in enumerate(company):
            saw = [(owner, f"{since:%H:%M:%S.%f}") for owner, since in account.seen()]
            assert polled.get(str(name), []) == saw, account
            assert version[str(name)] == account.expected(), account
        lived.update(account.tracked for account in company if len(account.seen()) > 2)

    exact()
    assert lived == {"all", "nothing", "all but the first"}
