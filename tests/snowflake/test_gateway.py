"""Gateway snowflake of config.yaml: every value from the environment, and what is said when one is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jinja2 import UndefinedError
from moto import mock_aws
from projects import PROJECT
from snowflake.connector.errors import DatabaseError
from sqlmesh.core.config import Config, SnowflakeConnectionConfig
from sqlmesh.core.config.connection import PostgresConnectionConfig
from sqlmesh.core.config.loader import load_config_from_paths
from typer.testing import CliRunner

from northstar import secret_store
from northstar.cli import app
from northstar.console import ExitCode
from northstar.gateway import KEYS, REQUIRED, missing

GIVEN = {
    "NORTHSTAR_GATEWAY": "snowflake",
    "NORTHSTAR_SNOWFLAKE_ACCOUNT": "org-account",
    "NORTHSTAR_SNOWFLAKE_USER": "NORTHSTAR_TICK",
    "NORTHSTAR_STATE_HOST": "state.internal",
    "NORTHSTAR_STATE_USER": "sqlmesh",
    "NORTHSTAR_STATE_PASSWORD": "of-state",
}


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, pem: str) -> pytest.MonkeyPatch:
    for name, value in {**GIVEN, "NORTHSTAR_SNOWFLAKE_KEY": pem}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NORTHSTAR_SNOWFLAKE_KEY_PATH", raising=False)
    return monkeypatch


def config() -> Config:
    return load_config_from_paths(Config, project_paths=[PROJECT / "config.yaml"])


def snowflake() -> SnowflakeConnectionConfig:
    connection = config().get_gateway("snowflake").connection
    assert isinstance(connection, SnowflakeConnectionConfig)
    return connection


def der(pem: str) -> bytes:
    return serialization.load_pem_private_key(pem.encode(), None).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_values_come_from_the_environment(environment: pytest.MonkeyPatch, pem: str) -> None:
    environment.setenv("NORTHSTAR_SNOWFLAKE_ROLE", "DATA_ENGINEER")
    environment.setenv("NORTHSTAR_SNOWFLAKE_WAREHOUSE", "DEV")
    environment.setenv("NORTHSTAR_QUERY_TAG", 'a "tag"')
    found = snowflake()
    assert (found.account, found.user, found.role, found.warehouse, found.database) == (
        "org-account", "NORTHSTAR_TICK", "DATA_ENGINEER", "DEV", "NORTHSTAR",
    )  # fmt: skip
    assert (found.authenticator, found.private_key) == ("SNOWFLAKE_JWT", der(pem))
    assert found.session_parameters == {
        "ERROR_ON_NONDETERMINISTIC_MERGE": True, "QUERY_TAG": 'a "tag"', "STATEMENT_TIMEOUT_IN_SECONDS": 3600,
        "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ", "TIMEZONE": "UTC", "WEEK_START": 1,
    }  # fmt: skip


def test_the_key_may_be_a_file(environment: pytest.MonkeyPatch, pem: str, tmp_path: Path) -> None:
    file = tmp_path / "key.p8"
    file.write_text(pem)
    environment.delenv("NORTHSTAR_SNOWFLAKE_KEY")
    environment.setenv("NORTHSTAR_SNOWFLAKE_KEY_PATH", str(file))
    assert snowflake().private_key == der(pem)


def test_state_is_in_postgresql(environment: pytest.MonkeyPatch) -> None:
    state = config().get_gateway("snowflake").state_connection
    assert isinstance(state, PostgresConnectionConfig)
    assert (state.host, state.user, state.password) == ("state.internal", "sqlmesh", "of-state")


@pytest.mark.parametrize("name", [*REQUIRED, "NORTHSTAR_SNOWFLAKE_KEY"])
def test_a_missing_value_is_named(environment: pytest.MonkeyPatch, name: str, pem: str) -> None:
    """By whoever asks first: SQLMesh, which reads config.yaml, or a northstar command."""
    environment.delenv(name)
    with pytest.raises(UndefinedError, match=rf"{name}.* (is not set|is set)"):
        config()
    (sentence,) = missing({**GIVEN, "NORTHSTAR_SNOWFLAKE_KEY": pem, name: ""})
    assert name in sentence


def test_two_keys_are_one_too_many(pem: str) -> None:
    (sentence,) = missing({**GIVEN, **dict.fromkeys(KEYS, pem)})
    assert "one of the two; 2 are" in sentence


def test_duckdb_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*GIVEN, *KEYS]:
        monkeypatch.delenv(name, raising=False)
    assert "snowflake" not in config().gateways


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return {"NORTHSTAR_SECRETS": "NORTHSTAR_SNOWFLAKE_KEY=northstar/key, NORTHSTAR_STATE_PASSWORD=northstar/state#pw"}


def test_named_secrets_are_fetched(secrets: dict[str, str], pem: str) -> None:
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name="northstar/key", SecretString=pem)
        client.create_secret(Name="northstar/state", SecretString='{"pw": "from-aws"}')
        assert secret_store.resolve(secrets) == ["NORTHSTAR_SNOWFLAKE_KEY", "NORTHSTAR_STATE_PASSWORD"]
        assert (secrets["NORTHSTAR_SNOWFLAKE_KEY"], secrets["NORTHSTAR_STATE_PASSWORD"]) == (pem, "from-aws")
        secrets["NORTHSTAR_STATE_PASSWORD"] = "by hand"
        assert secret_store.resolve(secrets) == []
        assert secrets["NORTHSTAR_STATE_PASSWORD"] == "by hand"


def test_a_secret_that_cannot_be_had_is_named_and_nothing_is_set(secrets: dict[str, str]) -> None:
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name="northstar/key", SecretString="its-value")
        with pytest.raises(secret_store.SecretError, match="'northstar/state' cannot be read"):
            secret_store.resolve(secrets)
        client.create_secret(Name="northstar/state", SecretString="not json")
        with pytest.raises(secret_store.SecretError, match="no JSON object with a field 'pw'") as caught:
            secret_store.resolve(secrets)
    assert "not json" not in str(caught.value)
    assert list(secrets) == ["NORTHSTAR_SECRETS"]


def test_a_badly_written_name_is_refused() -> None:
    with pytest.raises(secret_store.SecretError, match="write VARIABLE=secret"):
        secret_store.resolve({"NORTHSTAR_SECRETS": "northstar/key"})


def test_another_command_runs_with_the_secrets(secrets: dict[str, str]) -> None:
    """The secrets are in the environment by hand here, and the names say that nothing need be fetched."""
    given = {**secrets, "NORTHSTAR_SNOWFLAKE_KEY": "by hand", "NORTHSTAR_STATE_PASSWORD": "too"}
    command = [
        sys.executable,
        "-c",
        "from northstar.cli import app; app()",
        "exec",
        "printenv",
        "NORTHSTAR_SNOWFLAKE_KEY",
    ]
    done = subprocess.run(command, env={**os.environ, **given}, capture_output=True, text=True, check=True)
    assert done.stdout == "by hand\n"


@pytest.mark.parametrize(
    "command", [["sources"], ["status"], ["ingest"], ["reload", "app", "load-1"]], ids=lambda words: words[0]
)
def test_what_is_missing_is_said_before_anything_is_connected_to(
    environment: pytest.MonkeyPatch, command: list[str], tmp_path: Path
) -> None:
    environment.delenv("NORTHSTAR_SNOWFLAKE_USER")
    environment.delenv("NORTHSTAR_STATE_HOST")  # the lock would be asked of it first
    environment.setenv("NORTHSTAR_LOCK", str(tmp_path / "writer.lock"))
    environment.setenv("NORTHSTAR_APP_DSN", "of a source that is not read")
    result = CliRunner().invoke(app, command)
    assert result.exit_code == ExitCode.WRONG_USE
    assert "NORTHSTAR_SNOWFLAKE_USER is not set" in " ".join(result.output.split())


def test_an_account_that_lets_nobody_in_is_said(environment: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise DatabaseError("JWT token is invalid\nand more", errno=250001)

    environment.setattr("snowflake.connector.connect", refuse)
    result = CliRunner().invoke(app, ["sources"])
    assert result.exit_code == ExitCode.SOURCE_FAILED
    said = " ".join(result.output.split())
    assert "cannot connect to Snowflake" in said and "JWT token is invalid" in said and "and more" not in said
