"""What partners send: the declaration of every feed.  A new feed, or a partner's own dialect of one, is an entry here.

Declared in Python rather than in a configuration file, because then mypy and the checks below read it before any
partner's file does.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

from northstar.ingest.contract import IngestError

ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252")
"""What a feed may declare.  A byte order mark in a file has the last word."""


@dataclass(frozen=True)
class Column:
    """A column that a feed declares, by its normalised header (lower case, words joined by underscores)."""

    name: str
    required: bool = False
    """A file without a required column is refused; a missing optional one is NULL."""


@dataclass(frozen=True)
class Feed:
    """One kind of file from one kind of partner."""

    name: str
    object: str
    """Raw table that its rows go to; several feeds may share one."""
    pattern: str
    """Regular expression that the whole key, relative to the prefix, must match."""
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Columns that name a row in the business's terms; carried by D rows, so that staging knows what was withdrawn."""
    encoding: str = "utf-8"
    delimiter: str = ","
    max_bad_share: float = 0.05
    """A file is refused whole when more than this share of its records, or of its bytes, is bad."""
    final_newline_optional: bool = False
    """False: a last record without a newline may be cut short, and is rejected."""

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names) or any(not re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names):
            raise ValueError(f"feed {self.name}: column names must be distinct and normalised")
        if any(name.startswith("x_") for name in names):
            raise ValueError(f"feed {self.name}: names that begin with x_ are kept for undeclared columns")
        required = {column.name for column in self.columns if column.required}
        if not self.key or not set(self.key) <= required or len(required) < 2:
            raise ValueError(f"feed {self.name}: the key must be required columns, and at least two are required")
        if self.encoding not in ENCODINGS:
            raise ValueError(f"feed {self.name}: encoding must be one of {', '.join(ENCODINGS)}")
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n\0':
            raise ValueError(f"feed {self.name}: the delimiter must be one ASCII character")
        if not 0 <= self.max_bad_share < 1:
            raise ValueError(f"feed {self.name}: max_bad_share must be at least 0 and below 1")
        re.compile(self.pattern)

    @property
    def fingerprint(self) -> str:
        """Changes when the declaration does: refused files are then tried again."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]


def _columns(required: str, optional: str) -> tuple[Column, ...]:
    return (*(Column(name, required=True) for name in required.split()), *(Column(name) for name in optional.split()))


def _under(folder: str) -> str:
    return rf"{folder}/[^/]+\.csv(\.gz)?"


REMITTANCE = Feed(
    name="remittance",
    object="remittance",
    pattern=_under(r"remittances/(?!corvid/)[^/]+"),
    columns=_columns(
        "payer_code trace_number line_number claim_number payment_date currency billed_amount paid_amount",
        "claim_status invoice_number member_id service_date allowed_amount patient_responsibility adjustment_amount "
        "adjustment_reason_code payment_method remark",
    ),
    key=("payer_code", "trace_number", "line_number"),
    max_bad_share=0.02,
)
# Corvid Benefits exports from a Western European Windows system, with semicolons.
REMITTANCE_CORVID = replace(
    REMITTANCE,
    name="remittance_corvid",
    pattern=_under("remittances/corvid"),
    encoding="cp1252",
    delimiter=";",
)
SURVEY_RESPONSE = Feed(
    name="survey_response",
    object="survey_response",
    pattern=_under("surveys/[^/]+"),
    columns=_columns(
        "response_id appointment_id responded_at overall_rating",
        "survey_code account_number clinic_code sent_at recommend_score provider_rating wait_rating channel language "
        "comment",
    ),
    key=("response_id",),
)
REFERRAL_LEAD = Feed(
    name="referral_lead",
    object="referral_lead",
    pattern=_under("referrals/[^/]+"),
    columns=_columns(
        "partner_code lead_reference referred_at organization_name",
        "contact_name contact_email contact_phone country segment clinic_count provider_count referral_fee currency "
        "notes",
    ),
    key=("partner_code", "lead_reference"),
    final_newline_optional=True,
)

FEEDS = (REMITTANCE, REMITTANCE_CORVID, SURVEY_RESPONSE, REFERRAL_LEAD)


def feed_of(key: str, feeds: tuple[Feed, ...]) -> Feed | None:
    """The feed that a key belongs to, None when none declares it.  Raises IngestError when two do."""
    found = [feed for feed in feeds if re.fullmatch(feed.pattern, key)]
    if len(found) > 1:
        raise IngestError(
            f"feeds {found[0].name} and {found[1].name} both claim the key {key}: make one pattern narrower"
        )
    return found[0] if found else None
