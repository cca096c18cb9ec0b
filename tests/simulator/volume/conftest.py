from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pytest

from northstar.ingest.duckdb_sink import DuckDBSink, connect
from northstar.ingest.landing import LandingZone

Connection = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def new_raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Connection]]:
    """Makes a warehouse without models, by name."""
    opened: list[Connection] = []
    home = tmp_path_factory.mktemp("raw")

    def new(name: str) -> Connection:
        connection = connect(home / f"{name}.duckdb")
        DuckDBSink(connection, LandingZone(str(home / "landing")))
        opened.append(connection)
        return connection

    yield new
    for connection in opened:
        connection.close()
