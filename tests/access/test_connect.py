"""How an account is reached: with either form of the key, as config.yaml takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
import snowflake.connector
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from northstar.access.connect import asking
from northstar.settings import Settings

GIVEN = {"NORTHSTAR_SNOWFLAKE_ACCOUNT": "org-account", "NORTHSTAR_SNOWFLAKE_USER": "ADMIN"}
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
DER = KEY.private_bytes(
    serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)  # fmt: skip


def pem(passphrase: str = "") -> str:
    encryption = (
        serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    )
    return KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption).decode()


def connected(monkeypatch: pytest.MonkeyPatch, **given: str) -> dict[str, Any]:
    """What Snowflake's connector is given."""
    connect = MagicMock()
    monkeypatch.setattr(snowflake.connector, "connect", connect)
    with asking(Settings.from_environment({**GIVEN, **given})):
        pass
    connect.return_value.close.assert_called_once()
    arguments: dict[str, Any] = connect.call_args.kwargs
    return arguments


def test_the_key_comes_as_text_or_as_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key.p8"
    file.write_text(pem("of a key"))
    as_text = connected(monkeypatch, NORTHSTAR_SNOWFLAKE_KEY=pem())
    as_file = connected(
        monkeypatch, NORTHSTAR_SNOWFLAKE_KEY_PATH=str(file), NORTHSTAR_SNOWFLAKE_KEY_PASSPHRASE="of a key"
    )
    assert as_text["private_key"] == as_file["private_key"] == DER
    assert (as_text["account"], as_text["user"], as_text["role"]) == ("org-account", "ADMIN", "TRANSFORMER")


def test_what_is_missing_is_named_and_the_state_is_not_asked_for() -> None:
    with (
        pytest.raises(ValueError, match=r"^NORTHSTAR_SNOWFLAKE_USER is not set; .*KEY or .*KEY_PATH is to be set"),
        asking(Settings.from_environment({"NORTHSTAR_SNOWFLAKE_ACCOUNT": "org-account"})),
    ):
        pass
