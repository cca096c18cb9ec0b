"""What belongs to one place comes from settings, each named when it is missing or is not what it should be."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from paper_account import PaperAccount
from places import SETTINGS, answer, public_key
from typer.testing import CliRunner

from northstar.access.account import Account
from northstar.access.place import AWS_ROLE, LANDING, TICK_KEY, Place, stage_name
from northstar.cli import app
from northstar.ingest.snowflake_sink import STAGE


def test_settings_become_what_snowflake_takes() -> None:
    place = Place.from_environment(SETTINGS)
    der = load_pem_public_key(SETTINGS[TICK_KEY].encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    assert place.landing == "s3://northstar-landing/landing/"
    assert place == Place.from_environment({**SETTINGS, LANDING: f"{SETTINGS[LANDING]}/"})
    assert base64.b64decode(place.tick_key) == der
    assert place.tick_fingerprint == f"SHA256:{base64.b64encode(hashlib.sha256(der).digest()).decode()}"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (LANDING, "", "NORTHSTAR_LANDING is not set"),
        (LANDING, "var/landing", "NORTHSTAR_LANDING is to be an s3:// URL"),
        (LANDING, "s3://bucket/it's", "NORTHSTAR_LANDING is to be an s3:// URL"),
        (AWS_ROLE, "", "NORTHSTAR_SNOWFLAKE_AWS_ROLE is not set"),
        (AWS_ROLE, "northstar-snowflake", "NORTHSTAR_SNOWFLAKE_AWS_ROLE is to be the ARN of a role"),
        (TICK_KEY, "", "NORTHSTAR_SNOWFLAKE_TICK_KEY is not set"),
        (TICK_KEY, "tick.pub", "NORTHSTAR_SNOWFLAKE_TICK_KEY is to be a public key in PEM"),
    ],
)
def test_what_is_missing_or_wrong_is_named_before_the_account_is_asked(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    asked: list[str] = []
    answer(lambda statement: asked.append(statement) or [], monkeypatch)
    monkeypatch.setenv(name, value)

    refused = CliRunner().invoke(app, ["infra", "apply", "--yes"])

    assert refused.exit_code == 2 and said in " ".join(refused.output.split())
    assert asked == []


def test_the_sink_reads_the_stage_that_is_made(account: Account) -> None:
    assert stage_name(account) == STAGE


def test_another_key_of_the_tick_takes_the_place_of_the_first(
    made: Callable[[], PaperAccount], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(made().ask, monkeypatch)
    assert CliRunner().invoke(app, ["infra", "plan"]).exit_code == 0
    monkeypatch.setenv(TICK_KEY, public_key())

    shown = CliRunner().invoke(app, ["infra", "apply", "--yes"])
    assert shown.stdout.count("~ user NORTHSTAR_TICK: RSA_PUBLIC_KEY_FP SHA256:") == 1
    assert CliRunner().invoke(app, ["infra", "plan"]).exit_code == 0


def test_whom_aws_has_to_trust_is_printed(made: Callable[[], PaperAccount], monkeypatch: pytest.MonkeyPatch) -> None:
    answer(made().ask, monkeypatch)

    assert CliRunner().invoke(app, ["infra", "trust"]).stdout == (
        "SnowflakeStorageUser=arn:aws:iam::999999999999:user/snowflake\nSnowflakeExternalId=ORG_ACCOUNT_SFCRole=1\n"
    )
