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
from datetime import datetime

from northstar.ingest.contract import Batch, Cursor, IngestError, LedgerView
from northstar.ingest.http import Retries
from northstar.ingest.landing import LandingZone
from northstar.ingest.salesforce.batches import BatchWriter
from northstar.ingest.salesforce.client import SalesforceClient
from northstar.ingest.salesforce.fields import SalesforceObject
from northstar.ingest.salesforce.reading import Reading
from northstar.ingest.salesforce.session import Login, SalesforceSession
from northstar.ingest.salesforce.settings import API_VERSION, OBJECTS, Settings
from northstar.ingest.salesforce.state import SourceState


class SalesforceSource:
    """Reads one Salesforce org."""

    name = "salesforce"

    def __init__(self, login: Login, settings: Settings | None = None, retries: Retries | None = None) -> None:
        self._settings = settings or Settings()
        self._session = SalesforceSession(login, retries or Retries())

    def read(self, ledger: LedgerView, landing: LandingZone, loaded_at: datetime) -> Iterator[Batch]:
        """Read forward to now.  Raises IngestError when Salesforce cannot be read or is another org than before."""
        state = SourceState.from_cursor(ledger.cursor)
        self._session.log_in()
        state.bind(self._session.org_id)
        batch = BatchWriter(landing, loaded_at, state)
        reading = Reading(SalesforceClient(self._session, self._settings), self._settings, ledger, state, batch)
        try:
            yield from reading.run()
        finally:
            batch.abandon()

    def describe(self) -> list[SalesforceObject]:
        """The objects that are read, with the fields that they have now.  Raises IngestError."""
        self._session.log_in()
        client = SalesforceClient(self._session, self._settings)
        return [client.describe(name) for name in self._settings.objects]

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
