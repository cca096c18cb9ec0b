"""What several sources' tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from northstar.simulator.partner import FaultyServer


@pytest.fixture(scope="session")
def s3_server() -> Iterator[FaultyServer]:
    """An S3 server shared by all tests of the session, each with buckets of its own."""
    with FaultyServer() as server:
        yield server


@pytest.fixture
def s3(s3_server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    """The server, without faults, where boto3 and pyarrow look for it."""
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    yield s3_server
    s3_server.clear_faults()
    s3_server.now = None
