"""A warehouse of the models of account owners alone, over polls and tracked changes that a test makes up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from projects import PROJECT, small_project
from sqlmesh import Context
from sqlmesh.utils import CompletionStatus

POLLED = "intermediate.int_sales__account_owner"
VERSION = "intermediate.int_sales__account_owner_version"
_STUBS = {
    "polled": """
        MODEL (name intermediate.int_identity__salesforce_account_change, kind VIEW);
        SELECT * FROM given.polled
    """,
    "audited": """
        MODEL (name intermediate.int_identity__salesforce_account_change_audited, kind VIEW);
        SELECT MAX(loaded_at) AS audited_through FROM given.polled
    """,
    "tracked": "MODEL (name intermediate.int_sales__tracked_owner, kind VIEW);\nSELECT * FROM given.tracked\n",
}
_COLUMNS = {
    "polled": {
        "salesforce_account_id": "TEXT", "operation": "TEXT", "commit_lsn": "BIGINT", "commit_seq": "BIGINT",
        "committed_at": "TIMESTAMP", "owner_id": "TEXT", "fault_rule": "TEXT", "loaded_at": "TIMESTAMP",
    },
    "tracked": {
        "salesforce_account_id": "TEXT", "old_owner_id": "TEXT", "new_owner_id": "TEXT", "changed_at": "TIMESTAMP",
        "commit_lsn": "BIGINT",
    },
}  # fmt: skip


class Lab:
    """A warehouse of these models alone, over polls and tracked changes made by hand."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._seq = 0

    def poll(self, account: str, owner: str | None, changed_at: str, loaded_at: str, operation: str = "U") -> None:
        """An image of an account that a poll brings."""
        self._seq += 1
        row = [account, operation, self._seq, 0, f"2026-03-02 {changed_at}", owner, None, f"2026-03-02 {loaded_at}"]
        self._insert("polled", row)

    def track(self, account: str, old: str, new: str, changed_at: str) -> None:
        """A change of owner that Salesforce tracked."""
        self._seq += 1
        self._insert("tracked", [account, old, new, f"2026-03-02 {changed_at}", self._seq])

    def _insert(self, table: str, row: list[Any]) -> None:
        marks = ", ".join("?" for _ in row)
        self.context.engine_adapter.connection.execute(f"INSERT INTO NORTHSTAR.given.{table} VALUES ({marks})", row)

    def deploy(self, at: str) -> None:
        """Create the tables."""
        self.context.plan(
            "prod", execution_time=f"2026-03-02 {at}", skip_backfill=True, auto_apply=True, no_prompts=True
        )

    def tick(self, at: str) -> None:
        """Run what is due."""
        assert self.context.run(execution_time=f"2026-03-02 {at}:01") is CompletionStatus.SUCCESS

    def owners(self, account: str, model: str) -> list[tuple[str, str]]:
        """From when on who owned an account: the time of day, or ``past`` for a version that is open to it."""
        rows = self.context.engine_adapter.fetchall(
            f"SELECT owner_id, valid_from FROM {model} WHERE salesforce_account_id = '{account}' ORDER BY valid_from"
        )
        return [(owner, "past" if since.year == 1900 else f"{since:%H:%M}") for owner, since in rows]


@contextmanager
def lab(home: Path) -> Iterator[Lab]:
    """The real models on stubs of what they read."""
    home.mkdir()
    folder = PROJECT / "models" / "intermediate" / "sales"
    real = {name: (folder / f"{name}.sql").read_text() for name in (POLLED.split(".")[1], VERSION.split(".")[1])}
    externals = "".join(f"- name: given.{table}\n  columns: {columns}\n" for table, columns in _COLUMNS.items())
    (home / "external_models.yaml").write_text(externals.replace("'", ""))
    with small_project(home, _STUBS | real, "audits", "macros") as context:
        context.engine_adapter.execute("CREATE SCHEMA NORTHSTAR.given")
        for table, columns in _COLUMNS.items():
            declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            context.engine_adapter.execute(f"CREATE TABLE NORTHSTAR.given.{table} ({declared})")
        yield Lab(context)
