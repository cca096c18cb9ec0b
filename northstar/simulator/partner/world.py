"""The partners' life: who delivers what when, and what goes wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from northstar.ingest.partner.feeds import REFERRAL_LEAD, REMITTANCE, SURVEY_RESPONSE
from northstar.simulator.company import Account, Company, dice
from northstar.simulator.partner.bucket import PartnerBucket
from northstar.simulator.partner.contents import Contents, Row
from northstar.simulator.partner.files import Dialect, render, spoiled, truncated

HISTORY_DAYS = 28
"""Days before the anchor whose deliveries are in the bucket from the beginning."""
_LONGEST_DELAY_DAYS = 9
"""How long after its day something may still happen to a delivery."""


@dataclass(frozen=True)
class Payer:
    """A payer that sends a remittance file for each day, on the next."""

    code: str
    at: time
    dialect: Dialect


PAYERS = (
    Payer("AETHER", time(6, 10), Dialect()),
    Payer("BLUEFIR", time(9, 40), Dialect(encoding="utf-8-sig", titles="title")),
    Payer("CORVID", time(13, 5), Dialect(encoding="cp1252", delimiter=";", line_end="\r\n")),
    Payer("DELTAM", time(14, 10), Dialect(line_end="\r\n", titles="shout")),
    Payer("FEDSEN", time(14, 40), Dialect(compressed=True)),
    Payer("STATEA", time(15, 5), Dialect(encoding="utf-16", left_out=("remark",))),
    Payer("UNIONW", time(15, 35), Dialect()),
)
PARTNERS = {"clinicnet": time(8, 20), "medfinder": time(14, 25), "peerloop": time(15, 15)}
"""Referral partners, and when each delivers its leads of the day before."""

_COLUMNS = {feed.object: [c.name for c in feed.columns] for feed in (REMITTANCE, SURVEY_RESPONSE, REFERRAL_LEAD)}


@dataclass(frozen=True)
class Delivery:
    """Something that happens to the bucket at a moment."""

    at: datetime
    key: str
    content: Callable[[], bytes] | None
    """None: the object is deleted."""


class PartnerWorld:
    """The bucket of a company's partners, as of the company's anchor, and how it goes on.

    Everything follows from the company (and the app's database, when given): same seed, same files, same moments.
    """

    def __init__(self, company: Company, bucket: PartnerBucket, app_dsn: str | None = None) -> None:
        """Put the deliveries of the last weeks before the anchor."""
        self.company = company
        self.bucket = bucket
        self._contents = Contents(company, app_dsn)
        self.advance(company.anchor - timedelta(days=HISTORY_DAYS), company.anchor)

    def advance(self, start: datetime, end: datetime) -> int:
        """Let everything in (start, end] happen, in order.  Returns how many objects were put or deleted."""
        due = [delivery for delivery in self._deliveries(start, end) if start < delivery.at <= end]
        for delivery in sorted(due, key=lambda delivery: (delivery.at, delivery.key)):
            if delivery.content is None:
                self.bucket.delete(delivery.key)
            else:
                self.bucket.put(delivery.key, delivery.content(), at=delivery.at)
        self.bucket.set_time(end)
        return len(due)

    def _deliveries(self, start: datetime, end: datetime) -> Iterator[Delivery]:
        """All deliveries whose day lies so that something of them may fall between two moments."""
        day = (start - timedelta(days=_LONGEST_DELAY_DAYS)).astimezone(UTC).date()
        while day <= end.astimezone(UTC).date():
            for payer in PAYERS:
                yield from self._remittances(payer, day)
            for partner, at in PARTNERS.items():
                yield from self._referrals(partner, at, day)
            for account in self.company.accounts:
                if account.account_id % 7 == day.weekday():
                    yield from self._surveys(account, day)
            day += timedelta(days=1)

    def _remittances(self, payer: Payer, day: date) -> Iterator[Delivery]:
        """A payer's file for one day, delivered on the next, and what befalls it."""
        at = datetime.combine(day + timedelta(days=1), payer.at, UTC)
        key = f"remittances/{payer.code.lower()}/remit_{day:%Y%m%d}{payer.dialect.suffix}"
        columns = list(_COLUMNS["remittance"])

        def rows() -> list[Row]:
            return self._contents.remittances(payer.code, _midnight(day))

        def good() -> bytes:
            return render(rows(), columns, payer.dialect)

        def corrected() -> bytes:
            better = rows()[1:]
            if better:
                better[0] = {**better[0], "remark": "corrected"}
            return render(better, columns, payer.dialect)

        def wider() -> bytes:
            more = [{**row, "check_digit": str(len(row["claim_number"]) % 10)} for row in rows()]
            return render(more, [*reversed(columns), "check_digit"], payer.dialect)

        match self._fate(payer.code, day):
            case "late":
                yield Delivery(at + timedelta(days=2, minutes=20), key, good)
            case "twice":
                yield Delivery(at, key, good)
                yield Delivery(at + timedelta(minutes=35), key.replace("remit_", "remit_resend_"), good)
            case "corrected":
                yield Delivery(at, key, good)
                yield Delivery(at + timedelta(days=1, minutes=15), key, corrected)
            case "truncated":
                yield Delivery(at, key, lambda: truncated(good()))
                yield Delivery(at + timedelta(minutes=40), key, good)
            case "wider":
                yield Delivery(at, key, wider)
            case "spoiled":
                yield Delivery(at, key, lambda: spoiled(good(), payer.dialect, share=0.3))
                yield Delivery(at + timedelta(days=3), key, good)
            case "scratched":
                yield Delivery(at, key, lambda: spoiled(good(), payer.dialect, share=0.015))
            case "removed":
                yield Delivery(at, key, good)
                yield Delivery(at + timedelta(days=7), key, None)
            case _:
                yield Delivery(at, key, good)

    def _fate(self, payer: str, day: date) -> str:
        """What befalls a file; on the anchor's day, in plain sight, each of the worst."""
        if day == self.company.anchor.astimezone(UTC).date() - timedelta(days=1):
            scripted = {"DELTAM": "truncated", "FEDSEN": "twice", "STATEA": "wider", "UNIONW": "good"}
            if payer in scripted:
                return scripted[payer]
        fates = ("late", "twice", "corrected", "truncated", "wider", "spoiled", "scratched", "removed", "good")
        return dice(self.company.seed, "fate", payer, day).choices(fates, weights=(3, 3, 4, 3, 3, 2, 5, 3, 74))[0]

    def _surveys(self, account: Account, day: date) -> Iterator[Delivery]:
        """An account's survey file for the seven days before ``day``; some hold a few records that cannot be read."""
        start = _midnight(day) - timedelta(days=7)
        at = datetime.combine(day, time(14, 5), UTC) + timedelta(minutes=7 * (account.account_id % 12))
        dialect = Dialect(encoding="utf-8-sig" if account.account_id % 2 else "utf-8", titles="title")
        key = f"surveys/{account.account_number.lower()}/week_{start:%Y%m%d}.csv"
        scratched = dice(self.company.seed, "survey file", account.account_id, day).random() < 0.3

        def content() -> bytes:
            good = render(self._contents.surveys(account, start), _COLUMNS["survey_response"], dialect)
            return spoiled(good, dialect, share=0.03) if scratched else good

        yield Delivery(at, key, content)

    def _referrals(self, partner: str, moment: time, day: date) -> Iterator[Delivery]:
        """A referral partner's leads of one day, delivered on the next; one partner never ends its last line."""
        at = datetime.combine(day + timedelta(days=1), moment, UTC)
        dialect = Dialect(final_newline=partner != "peerloop")
        columns = [column for column in _COLUMNS["referral_lead"] if partner == "medfinder" or column != "notes"]
        key = f"referrals/{partner}/leads_{day:%Y-%m-%d}.csv"
        yield Delivery(at, key, lambda: render(self._contents.referrals(partner, _midnight(day)), columns, dialect))
        if day.weekday() == 0:
            notes = f"referrals/{partner}/README.txt"
            yield Delivery(at, notes, lambda: b"Leads of the day before, one line each.\n")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
