"""The emulator as a server: the real connector logs in by key pair, binds, uploads and reads, over TLS."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import snowflake.connector
import trustme
from engines import throw_away_key
from snowflake.connector import SnowflakeConnection

from northstar.ingest.contract import Batch
from northstar.ingest.landing import LandingZone
from northstar.ingest.snowflake_sink import STAGE, SnowflakeSink

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
AT = datetime(2026, 11, 4, 9, 59, 59, tzinfo=UTC)
ROWS = pa.table({
    "id": pa.array([1, 2], pa.int64()),
    "moment": pa.array([datetime(2026, 11, 4, 9, 30, 0, 123456), None], pa.timestamp("us")),
    "note": ["it's \\ “so”", None],
})  # fmt: skip


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SnowflakeConnection]:
    home = tmp_path_factory.mktemp("server")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(home / "ca.pem")
    issued = authority.issue_cert("127.0.0.1", "localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(home / "server.pem")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [sys.executable, str(HERE / "serve.py"), str(port), str(home / "server.pem"), str(home / "server.pem")]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(arguments, stdout=log, stderr=log)
    try:
        _wait(server, port, home / "log")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REQUESTS_CA_BUNDLE", str(home / "ca.pem"))
            with snowflake.connector.connect(
                account="nowhere", user="nobody", private_key_file=str(throw_away_key(home)), host="127.0.0.1",
                port=port, protocol="https", database="NORTHSTAR", autocommit=True, paramstyle="qmark",
                disable_ocsp_checks=True, login_timeout=20, network_timeout=20,
            ) as opened:  # fmt: skip
                opened.cursor().execute("CREATE SCHEMA IF NOT EXISTS ops")
                yield opened
    finally:
        server.terminate()
        server.wait(10)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"the server did not start: {log.read_text()[-2000:]}")


def test_the_connector_is_the_real_one(connection: SnowflakeConnection) -> None:
    assert type(connection).__module__ == "snowflake.connector.connection"
    assert connection._protocol == "https"


def test_the_sink_loads_over_it(connection: SnowflakeConnection, tmp_path: Path) -> None:
    zone = LandingZone(str(tmp_path / "landing"))
    connection.cursor().execute(f"CREATE STAGE IF NOT EXISTS {STAGE} URL = 'file://{zone.root}'")
    sink = SnowflakeSink(connection, zone)
    with zone.begin("app", "load-1", AT) as writer:
        writer.write("visit", ROWS)
    sink.load("app", Batch("load-1", writer.files, {"at": "it's"}, AT), AT)
    sink.seal("app", datetime(2026, 11, 4, 10, tzinfo=UTC))
    found = connection.cursor().execute("SELECT id, moment, note FROM raw_app.visit ORDER BY id")
    assert found is not None
    assert found.fetchall() == [tuple(row.values()) for row in ROWS.to_pylist()]
    assert sink.ledger("app").cursor == {"at": "it's"}
    assert sink.sealed_through("app") == datetime(2026, 11, 4, 10, tzinfo=UTC)


def test_the_connector_uploads_a_file_itself(connection: SnowflakeConnection, tmp_path: Path) -> None:
    pq.write_table(ROWS, tmp_path / "rows.parquet")
    cursor = connection.cursor()
    cursor.execute("CREATE STAGE NORTHSTAR.OPS.UPLOADS")
    cursor.execute(f"PUT 'file://{tmp_path}/rows.parquet' @NORTHSTAR.OPS.UPLOADS AUTO_COMPRESS = FALSE")
    assert [row[6] for row in cursor.fetchall()] == ["UPLOADED"]
    cursor.execute('CREATE TABLE ops.uploaded ("ID" NUMBER(38, 0), "NOTE" VARCHAR)')
    cursor.execute(
        'COPY INTO ops.uploaded ("ID", "NOTE") FROM (SELECT $1:"id"::NUMBER(38, 0), $1:"note"::VARCHAR '
        "FROM '@NORTHSTAR.OPS.UPLOADS/') FILES = ('rows.parquet') FILE_FORMAT = (TYPE = PARQUET "
        "USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE) ON_ERROR = ABORT_STATEMENT FORCE = TRUE"
    )
    cursor.execute("SELECT * FROM ops.uploaded ORDER BY id")
    assert cursor.fetchall() == [(1, "it's \\ “so”"), (2, None)]
