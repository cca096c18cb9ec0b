"""dbt beside SQLMesh: a database of its own, fed with the same raw rows, and a process that stays up."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from sqlmesh import Context

from benchmarks.dbt.project import write_project

_LOCK = Path(__file__).parent / "requirements.lock"
_IN_DEVELOPMENT = "FROM duckdb_tables() WHERE schema_name LIKE 'dev\\_%' ESCAPE '\\'"
_ENVIRONMENTS = Path(__file__).parents[2] / ".cache" / "dbt"


@dataclass(frozen=True)
class Ran:
    """What one run took."""

    seconds: float
    processor_seconds: float


def environment() -> Path:
    """The Python that has dbt, installed from ``requirements.lock`` when it is not yet; some minutes then."""
    home = _ENVIRONMENTS / hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(_LOCK)], check=True)
        (home / "complete").touch()
    return python


class InDbt:
    """The same models in dbt.  ``load`` gives it raw rows, ``run`` builds and tests what an interval brought."""

    def __init__(self, home: Path, context: Context) -> None:
        home.mkdir(parents=True)
        self._home, self.project, self.database = home, home / "project", home / "in_dbt.duckdb"
        write_project(context, self.project, self.database)
        self._raw = [
            model.fqn.replace('"', "").split(".", 1)[1].lower()
            for model in context.models.values()
            if model.kind.is_external and any(model.fqn in other.depends_on for other in context.models.values())
        ]
        self._process = subprocess.Popen(
            [str(environment()), str(Path(__file__).parent / "worker.py"), str(self.database)],
            cwd=self.project,
            env={**os.environ, "DBT_PROFILES_DIR": ".", "DO_NOT_TRACK": "1", "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """End the process, which lets go of the database."""
        if self._process.poll() is None:
            self._process.communicate()

    def load(self, connection: duckdb.DuckDBPyConnection, since: datetime | None = None) -> None:
        """Copy raw rows that were loaded from ``since`` on; at first, everything."""
        statements = []
        for table in self._raw:
            file = self._home / f"{table}.parquet"
            is_stamped = bool(connection.execute(
                "SELECT 1 FROM duckdb_columns() WHERE lower(schema_name || '.' || table_name) = ? "
                "AND lower(column_name) = '_loaded_at'", [table]).fetchall())  # fmt: skip
            if since is None:
                connection.execute(f"COPY (FROM {table}) TO '{file}' (FORMAT parquet)")
                statements += [f"CREATE SCHEMA IF NOT EXISTS {table.partition('.')[0]}",
                               f"CREATE TABLE {table} AS FROM '{file}'"]  # fmt: skip
            elif is_stamped:
                connection.execute(f"COPY (FROM {table} WHERE _loaded_at >= '{since}') TO '{file}' (FORMAT parquet)")
                statements.append(f"INSERT INTO {table} BY NAME FROM '{file}'")
        self._ask({"sql": [*statements, "CHECKPOINT"]})
        for table in self._raw:
            (self._home / f"{table}.parquet").unlink(missing_ok=True)

    def run(self, begin: datetime, end: datetime, first: bool = False) -> Ran:
        """Build every model and run every test for the rows loaded from ``begin`` up to ``end``, exclusive.

        Seeds are loaded the ``first`` time.
        """
        arguments = ["build", *_interval(begin, end)]
        return self._ran({"dbt": arguments if first else [*arguments, "--exclude-resource-type", "seed"]})

    def remember(self) -> None:
        """Keep how the project stands, for ``develop`` to find what has been modified since."""
        shutil.copytree(self.project / "target", self._home / "state", dirs_exist_ok=True)

    def develop(self, begin: datetime, end: datetime, context: Context, defer: bool) -> tuple[Ran, int]:
        """Build in new schemas for development: with ``defer`` what is modified and what reads it, else everything.

        Returns what it took, and how many rows it wrote.
        """
        for part in ("models", "tests", "seeds", "macros"):
            shutil.rmtree(self.project / part)
        write_project(context, self.project, self.database)
        modified = ["--select", "state:modified+", "--defer", "--state", str(self._home / "state")]
        chosen = modified if defer else []
        self._drop_development()
        ran = self._ran({"dbt": ["build", "--target", "dev", *_interval(begin, end), *chosen], "fresh": True})
        return ran, self._ask({"fetch": f"SELECT sum(estimated_size)::BIGINT {_IN_DEVELOPMENT}"})["fetched"][0] or 0

    def _drop_development(self) -> None:
        names = self._ask({"fetch": f"SELECT list(DISTINCT schema_name) {_IN_DEVELOPMENT}"})["fetched"][0] or []
        self._ask({"sql": [f"DROP SCHEMA {name} CASCADE" for name in names]})

    def _ran(self, request: dict[str, Any]) -> Ran:
        answer = self._ask(request)
        return Ran(answer["seconds"], answer["processor_seconds"])

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "dbt's process ended; see what it printed"
        answer: dict[str, Any] = json.loads(line)
        assert not answer["failed"], answer["failed"]
        return answer

    def differences(self, connection: duckdb.DuckDBPyConnection, models: Iterable[str]) -> dict[str, int]:
        """By model, how many rows only one of the two has.  Ask after ``close``."""
        connection.execute(f"ATTACH '{self.database}' AS in_dbt (READ_ONLY)")
        found = {model: differing(connection, model, f"in_dbt.{model}") for model in models}
        connection.execute("DETACH in_dbt")
        return found


def differing(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> int:
    """How many rows only one of two relations has; 0 at once when the sums of all rows' hashes agree."""
    ours, theirs = (
        connection.execute(f"SELECT count(*), sum(hash(row)) FROM {relation} AS row").fetchone()
        for relation in (one, other)
    )
    if ours == theirs:
        return 0
    counted = connection.execute(f"""
        SELECT count(*) FROM ((FROM {one} EXCEPT ALL FROM {other}) UNION ALL
                              (FROM {other} EXCEPT ALL FROM {one}))""").fetchone()
    assert counted
    return int(counted[0])


def _interval(begin: datetime, end: datetime) -> list[str]:
    """The variables of an interval; its present is its end, as for a tick."""
    last = end - timedelta(microseconds=1)
    return ["--vars", json.dumps({"start": str(begin), "end": str(last), "now": str(end)})]
