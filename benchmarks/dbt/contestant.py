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
from types import TracebackType
from typing import Any

import duckdb
from sqlmesh import Context

from benchmarks.dbt.project import write_project

_LOCK = Path(__file__).parent / "requirements.lock"
_ENVIRONMENTS = Path(__file__).parents[2] / ".cache" / "dbt"


@dataclass(frozen=True)
class Ran:
    """What one run of dbt took."""

    seconds: float
    processor_seconds: float
    peak_memory_gb: float


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
        self._home, self.database = home, home / "in_dbt.duckdb"
        write_project(context, home / "project", self.database)
        self._raw = [
            model.fqn.replace('"', "").split(".", 1)[1].lower()
            for model in context.models.values()
            if model.kind.is_external and any(model.fqn in other.depends_on for other in context.models.values())
        ]
        self._process = subprocess.Popen(
            [str(environment()), str(Path(__file__).parent / "worker.py"), str(self.database)],
            cwd=home / "project",
            env={**os.environ, "DBT_PROFILES_DIR": ".", "DO_NOT_TRACK": "1", "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> InDbt:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, which lets go of the database."""
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

    def run(self, begin: datetime, end: datetime, now: datetime) -> Ran:
        """Build every model and run every test for the rows loaded from ``begin`` up to ``end``, exclusive."""
        return self._build(begin, end, now, "--exclude-resource-type", "seed")

    def build(self, begin: datetime, end: datetime, now: datetime) -> Ran:
        """The first run, seeds included."""
        return self._build(begin, end, now)

    def _build(self, begin: datetime, end: datetime, now: datetime, *options: str) -> Ran:
        variables = {"start": str(begin), "end": str(end - timedelta(microseconds=1)), "now": str(now)}
        answer = self._ask({"dbt": ["build", "--vars", json.dumps(variables), *options]})
        return Ran(answer["seconds"], answer["processor_seconds"], answer["peak_memory_gb"])

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
        found = {}
        for model in models:
            row = connection.execute(f"""
                SELECT count(*) FROM ((FROM {model} EXCEPT ALL FROM in_dbt.{model}) UNION ALL
                                      (FROM in_dbt.{model} EXCEPT ALL FROM {model}))""").fetchone()
            found[model] = int(row[0]) if row else 0
        connection.execute("DETACH in_dbt")
        return found
