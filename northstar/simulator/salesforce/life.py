"""What happens in the CRM as time goes by."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from northstar.simulator.company import Company, dice
from northstar.simulator.salesforce.actions import LEAD_LOST, LEAD_OPEN, Crm
from northstar.simulator.salesforce.schema import Field

SLOT = timedelta(minutes=5)

_LIVE = 'NOT "IsDeleted"'
_DELETABLE = ("Lead", "Lead", "Contact", "Opportunity", "Account")


class Life:
    """Events in slots of five minutes, each with a generator of its own, so that any cut of time gives the same."""

    def __init__(self, company: Company, crm: Crm) -> None:
        self._company = company
        self._crm = crm
        self._org = crm.org
        self._pace = len(company.accounts) / 20
        self._happens: tuple[tuple[float, Callable[[datetime, random.Random], None]], ...] = (
            (0.25, self._new_lead),
            (0.30, self._work_lead),
            (0.04, self._convert_lead),
            (0.25, self._move_deal),
            (0.06, self._open_deal),
            (0.10, self._edit_contact),
            (0.05, self._new_contact),
            (0.10, self._score_account),
            (0.03, self._change_owner),
            (0.03, self._delete),
            (0.012, self._undelete),
            (0.015, self._empty_bin),
            (0.01, self._delete_for_good),
            (0.001, self._leave),
        )
        anchor = company.anchor
        score = Field("Lead_Score__c", "double", precision=5, scale=2)
        self._schema_changes: tuple[tuple[datetime, Callable[[], None]], ...] = (
            (anchor + timedelta(days=2), lambda: self._org.add_field("Lead", score)),
            (anchor + timedelta(days=4), lambda: self._org.drop_field("Lead", "Fax")),
        )

    def live(self, start: datetime, end: datetime) -> None:
        """Let everything happen that begins in a half-open span of time."""
        slot = -(-(start - self._company.anchor) // SLOT)
        while (at := self._company.anchor + slot * SLOT) < end:
            for when, change in self._schema_changes:
                if at <= when < at + SLOT:
                    change()
            self._slot(slot, at)
            slot += 1

    def _slot(self, number: int, at: datetime) -> None:
        roll = dice(self._company.seed, "salesforce", "slot", number)
        working = at.weekday() < 5 and 13 <= at.hour < 23
        pace = self._pace * (1.0 if working else 0.15)
        second = 0
        for rate, event in self._happens:
            expected = rate * pace
            for _ in range(int(expected) + (roll.random() < expected % 1)):
                second = min(second + roll.randrange(0, 25), 299)
                event(at + timedelta(seconds=second), roll)

    def _pick(self, name: str, roll: random.Random, where: str = _LIVE) -> str | None:
        ids = self._org.ids(name, where)
        return roll.choice(ids) if ids else None

    def _seller(self, roll: random.Random) -> str:
        where = '"Title" = \'Account Executive\' AND "IsActive"'
        return roll.choice(self._org.ids("User", where))

    def _new_lead(self, at: datetime, roll: random.Random) -> None:
        organisation = f"Clinic {roll.randrange(10**6):06d}"
        lead = self._crm.new_lead(organisation, self._seller(roll), at, roll)
        if "Lead_Score__c" in self._org.objects["Lead"].fields:
            self._org.update("Lead", lead, {"Lead_Score__c": round(roll.uniform(0, 100), 2)}, at)

    def _work_lead(self, at: datetime, roll: random.Random) -> None:
        if lead := self._pick("Lead", roll, f'{_LIVE} AND NOT "IsConverted"'):
            self._org.update("Lead", lead, {"Status": roll.choice((*LEAD_OPEN[1:], LEAD_LOST))}, at)

    def _convert_lead(self, at: datetime, roll: random.Random) -> None:
        if lead := self._pick("Lead", roll, f'{_LIVE} AND NOT "IsConverted"'):
            self._crm.convert_lead(lead, at, roll)

    def _move_deal(self, at: datetime, roll: random.Random) -> None:
        if opportunity := self._pick("Opportunity", roll, f'{_LIVE} AND NOT "IsClosed"'):
            self._crm.move_stage(opportunity, at, roll)

    def _open_deal(self, at: datetime, roll: random.Random) -> None:
        if account := self._pick("Account", roll):
            self._crm.open_opportunity(account, roll.choice(("New Business", "Expansion", "Renewal")), at, roll)

    def _edit_contact(self, at: datetime, roll: random.Random) -> None:
        if contact := self._pick("Contact", roll):
            self._org.update("Contact", contact, {"Phone": f"+1 555 01{roll.randrange(100):02d}"}, at)

    def _new_contact(self, at: datetime, roll: random.Random) -> None:
        if account := self._pick("Account", roll):
            self._crm.new_contact(account, self._seller(roll), at, roll)

    def _score_account(self, at: datetime, roll: random.Random) -> None:
        if account := self._pick("Account", roll):
            self._org.update("Account", account, {"Health_Score__c": round(roll.uniform(20, 99), 2)}, at)

    def _change_owner(self, at: datetime, roll: random.Random) -> None:
        if account := self._pick("Account", roll):
            self._crm.change_owner(account, self._seller(roll), at)

    def _leave(self, at: datetime, roll: random.Random) -> None:
        """A seller leaves, and the others take over: several accounts change owner at one instant."""
        sellers = self._org.ids("User", '"Title" = \'Account Executive\' AND "IsActive"')
        if len(sellers) < 3:
            return
        leaver = roll.choice(sellers)
        self._org.update("User", leaver, {"IsActive": False}, at)
        for account in self._org.ids("Account", f'{_LIVE} AND "OwnerId" = ?', (leaver,)):
            self._crm.change_owner(account, self._seller(roll), at)

    def _delete(self, at: datetime, roll: random.Random) -> None:
        name = roll.choice(_DELETABLE)
        if id := self._unwanted(name, roll):
            self._org.delete(name, id, at)

    def _delete_for_good(self, at: datetime, roll: random.Random) -> None:
        name = roll.choice(_DELETABLE)
        if id := self._unwanted(name, roll):
            self._org.delete(name, id, at)
            self._org.purge(name, id)

    def _unwanted(self, name: str, roll: random.Random) -> str | None:
        """A record that somebody may delete: never a customer's account, nor a deal that was won."""
        spared = {"Account": "AND \"Type\" = 'Prospect'", "Opportunity": 'AND NOT "IsWon"'}
        return self._pick(name, roll, f"{_LIVE} {spared.get(name, '')}")

    def _undelete(self, at: datetime, roll: random.Random) -> None:
        name = roll.choice(_DELETABLE)
        id = self._pick(name, roll, '"IsDeleted"')
        if id and not self._org.is_bereft(name, id):
            self._org.undelete(name, id, at)

    def _empty_bin(self, at: datetime, roll: random.Random) -> None:
        name = roll.choice(_DELETABLE)
        if id := self._pick(name, roll, '"IsDeleted"'):
            self._org.purge(name, id)
