"""How the org is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

OBJECTS = (
    "User", "Account", "Contact", "Lead", "Opportunity", "OpportunityHistory", "Contract", "AccountHistory",
)  # fmt: skip
API_VERSION = "62.0"


@dataclass(frozen=True)
class Settings:
    """What may be set; the defaults suit a company's org."""

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
