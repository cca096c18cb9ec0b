"""The settings of a place, and an account there that answers `northstar infra`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from northstar.access.drift import Ask
from northstar.access.place import AWS_ROLE, LANDING, TICK_KEY
from northstar.commands import infra
from northstar.settings import Settings


def public_key() -> str:
    """Of a new pair, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


SETTINGS = {
    LANDING: "s3://northstar-landing/landing",
    AWS_ROLE: "arn:aws:iam::123456789012:role/northstar-snowflake",
    TICK_KEY: public_key(),
}


def answer(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands ask this instead of an account."""

    @contextmanager
    def asking(_: Settings) -> Iterator[Ask]:
        yield ask

    monkeypatch.setattr(infra, "asking", asking)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
