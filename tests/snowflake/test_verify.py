"""make verify-snowflake where there is no account."""

from __future__ import annotations

import pytest

from northstar.verify_snowflake import main


def test_without_an_account_it_says_so_and_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORTHSTAR_GATEWAY", "duckdb")
    told: list[str] = []
    assert main({"NORTHSTAR_SNOWFLAKE_ACCOUNT": "org-account"}, told.append) == 2
    assert told[0] == "Nothing was verified, as there is no account to verify it on:"
    assert any("NORTHSTAR_SNOWFLAKE_USER is not set" in sentence for sentence in told)
    assert not any("NORTHSTAR_SNOWFLAKE_ACCOUNT" in sentence for sentence in told)
