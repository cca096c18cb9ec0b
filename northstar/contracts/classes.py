"""The vocabulary of classes, by the identifiers of 45 CFR 164.514(b)(2)."""

from __future__ import annotations

from typing import NamedTuple

_KINDS: dict[str, tuple[str, ...]] = {
    "public": (),
    "internal": (),
    "denied": (),
    "free_text": (),
    "phi_direct": (
        "name",  # A
        "address",  # B, finer than a city
        "contact",  # D to F: telephone, fax, e-mail
        "social_security",  # G
        "medical_record",  # H
        "beneficiary",  # I
        "account",  # J
        "license",  # K
        "vehicle",  # L
        "device",  # M
        "network",  # N and O: URLs, IP addresses
        "image",  # P and Q: biometrics, photographs
        "code",  # R: any other unique number
        "patient",  # R: the number under which a source system knows a patient
    ),
    "phi_quasi": (
        "geography",  # B: below state
        "postal_code",  # B: three digits where enough people live
        "birth_date",  # C: year or age, 90 and over pooled
        "service_time",  # C: when something happened to a patient; the year only in what is released
        "record",  # R: the number of something that belongs to one patient, such as a visit or a bill
    ),
}


class Classification(NamedTuple):
    """What a column is.  ``kind`` says which identifier, for the two classes that have kinds."""

    name: str
    kind: str | None = None

    @classmethod
    def parse(cls, text: str) -> Classification:
        """Read ``internal`` or ``phi_direct.name``.  Raises ValueError saying what is allowed."""
        name, _, kind = text.partition(".")
        if name not in _KINDS:
            raise ValueError(f"class {name!r} is none of {', '.join(_KINDS)}")
        if _KINDS[name] and kind not in _KINDS[name]:
            raise ValueError(
                f"class {name} needs one of the kinds {', '.join(_KINDS[name])}, as in {name}.{_KINDS[name][0]}"
            )
        if not _KINDS[name] and kind:
            raise ValueError(f"class {name} has no kinds")
        return cls(name, kind or None)

    def __str__(self) -> str:
        return f"{self.name}.{self.kind}" if self.kind else self.name

    @property
    def is_open(self) -> bool:
        """Whether any model may show it: it is about no patient."""
        return self.name in ("public", "internal")

    @property
    def is_identifier(self) -> bool:
        """Whether it may not even be stored outside raw: it names a person, or could."""
        return self.name in ("phi_direct", "free_text", "denied")


DENIED = Classification("denied")
PATIENT = Classification("phi_direct", "patient")


def all_classes() -> list[Classification]:
    """Every class with every kind."""
    return [Classification(name, kind) for name, kinds in _KINDS.items() for kind in (kinds or (None,))]
