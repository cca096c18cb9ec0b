"""Salesforce as a source.

Rules, each shown by a test in ``tests/ingest/salesforce``:

* Records are read with queryAll in the order of SystemModstamp and Id, from ten minutes before the last read began;
  what raw holds already is known from the cursor by Id, stamp and content hash.  Objects without SystemModstamp
  (history) are read by CreatedDate.
* ``_op`` is ``R`` in the first pass over an object, then ``I`` for records created since the last pass began, ``U`` for
  others, and ``D`` for those in the recycle bin, with their values.  A record taken out of it again is ``U``.
* A record that left the recycle bin is found in the log of deletions; what that misses, by comparing all Ids every
  few days.  Such a ``D`` has the Id only.
* The list of fields is read anew each time: a new field is landed, a vanished one is NULL from then on.  Addresses
  and locations are landed as their components.
* ``_seq`` is the order within an object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from northstar.ingest.contract import Batch, Cursor, IngestError, LedgerView
from northstar.ingest.http import Retries
from northstar.ingest.landing import LandingZone
from northstar.ingest.salesforce.batches import BatchWriter
from northstar.ingest.salesforce.client import SalesforceClient
from northstar.ingest.salesforce.reading import Reading, ReadingRules
from northstar.ingest.salesforce.session import Login, SalesforceSession
from northstar.ingest.salesforce.state import SourceState

OBJECTS = (
    "User", "Account", "Contact", "Lead", "Opportunity", "OpportunityHistory", "Contract", "AccountHistory",
)  # fmt: skip
API_VERSION = "62.0"


@dataclass(frozen=True)
class Settings:
    """How the org is read."""

    objects: tuple[str, ...] = OBJECTS
    api_version: str = API_VERSION
    batch_rows: int = 20_000
    """Rows after which a batch is loaded."""
    bulk_threshold: int = 10_000
    """Records above which a query goes by Bulk API 2.0."""
    bulk_page_rows: int = 10_000
    """Records in one page of bulk results, which are held in memory."""
    overlap: timedelta = timedelta(minutes=10)
    """How long Salesforce may take to show a change after stamping it: the longest transaction that it allows."""
    overlap_rows: int = 20_000
    """Most records per object whose state the cursor remembers."""
    compare_every: timedelta = timedelta(days=7)
    """How often all Ids are compared, by Salesforce's clock."""
    poll_pause: float = 1.0
    """Seconds before a bulk job is looked at again; doubled each time."""


class SalesforceSource:
    """Reads one Salesforce org."""

    name = "salesforce"

    def __init__(self, login: Login, settings: Settings | None = None, retries: Retries | None = None) -> None:
        self._settings = settings or Settings()
        self._session = SalesforceSession(login, retries or Retries())

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Read forward to now.  Raises IngestError when Salesforce cannot be read or is another org than before."""
        settings = self._settings
        state = SourceState.from_cursor(ledger.cursor)
        self._session.log_in()
        state.bind(self._session.org_id)
        client = SalesforceClient(
            self._session, settings.api_version, settings.bulk_threshold, settings.bulk_page_rows, settings.poll_pause
        )
        batch = BatchWriter(landing, loaded_at, state)
        rules = ReadingRules(
            settings.objects, settings.batch_rows, settings.overlap, settings.overlap_rows, settings.compare_every
        )
        try:
            yield from Reading(client, rules, ledger, state, batch).run()
        finally:
            batch.abandon()

    def acknowledge(self, cursor: Cursor) -> None:
        """Nothing: Salesforce keeps no account of its readers."""

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def from_environment(environment: Mapping[str, str]) -> SalesforceSource:
    """Build the source from its variables.

    ``NORTHSTAR_SALESFORCE_LOGIN_URL``, ``_CLIENT_ID`` and ``_CLIENT_SECRET`` are needed; ``_API_VERSION``,
    ``_OBJECTS`` (a list with commas) and ``_CA_FILE`` are not.  Raises IngestError that names what is missing.
    """
    purposes = {
        "LOGIN_URL": "the org's domain, such as https://northstar.my.salesforce.com",
        "CLIENT_ID": "the consumer key of the external client app that the warehouse logs in with",
        "CLIENT_SECRET": "the consumer secret of that app",
    }
    values: dict[str, str] = {}
    for name, purpose in purposes.items():
        variable = f"NORTHSTAR_SALESFORCE_{name}"
        values[name] = environment.get(variable, "")
        if not values[name]:
            raise IngestError(f"{variable} is not set: {purpose}")
    if not values["LOGIN_URL"].startswith("https://"):
        raise IngestError("NORTHSTAR_SALESFORCE_LOGIN_URL must begin with https://")
    login = Login(
        values["LOGIN_URL"].rstrip("/"), values["CLIENT_ID"], values["CLIENT_SECRET"],
        environment.get("NORTHSTAR_SALESFORCE_CA_FILE") or None,
    )  # fmt: skip
    named = environment.get("NORTHSTAR_SALESFORCE_OBJECTS", "")
    return SalesforceSource(
        login,
        Settings(
            objects=tuple(n.strip() for n in named.split(",") if n.strip()) or OBJECTS,
            api_version=environment.get("NORTHSTAR_SALESFORCE_API_VERSION") or API_VERSION,
        ),
    )
