"""Owners of accounts over several polls, by the real models: SQLMesh's SCD_TYPE_2_BY_TIME and what is made of it."""

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


def _live(home: Path, then: Lab) -> None:
    """Three polls.  A is handed over before the second, and twice before the third; B has no owner at first.

    ``then`` gets the same rows, but none of the runs in between.
    """
    with lab(home) as here:
        both = (here, then)
        for one in both:
            one.poll("A", "X", "08:00", "09:10", "R")
            one.poll("B", None, "08:00", "09:10", "R")
        here.deploy("09:30")
        here.tick("09:30")
        for one in both:
            one.poll("A", "Y", "09:40", "09:50")
            one.track("A", "X", "Y", "09:40")
        here.tick("10:00")
        for one in both:
            one.poll("A", "X", "10:25", "10:29")
            one.track("A", "Y", "Z", "10:05")
            one.track("A", "Z", "X", "10:20")
            one.poll("B", "X", "10:10", "10:29")
        here.tick("10:30")
        here.tick("11:00")

        assert here.owners("A", POLLED) == [("X", "08:00"), ("Y", "09:40"), ("X", "10:25")]
        assert here.owners("B", POLLED) == [("-1", "08:00"), ("X", "10:10")]
        assert here.owners("A", VERSION) == [("X", "past"), ("Y", "09:40"), ("Z", "10:05"), ("X", "10:20")]
        assert here.owners("B", VERSION) == [("-1", "past"), ("X", "10:10")]


def test_polls_keep_history_and_tracking_makes_it_exact(tmp_path: Path) -> None:
    """Closed versions stay as they were, also the one that had no owner; a rebuild knows what was tracked, no more."""
    with lab(tmp_path / "rebuilt") as rebuilt:
        _live(tmp_path / "live", rebuilt)
        rebuilt.deploy("11:00")
        rebuilt.tick("11:00")

        assert rebuilt.owners("A", POLLED) == [("X", "10:25")]
        assert rebuilt.owners("A", VERSION) == [("X", "past"), ("Y", "09:40"), ("Z", "10:05"), ("X", "10:20")]
        assert rebuilt.owners("B", VERSION) == [("X", "past")]


def test_an_attribute_that_is_null_fails_the_audit(tmp_path: Path) -> None:
    """The guard of the kind: without the sentinel SQLMesh would write B's next owner into its closed version."""
    with lab(tmp_path / "unguarded") as here:
        model = here.context.get_model(POLLED, raise_if_missing=True)
        assert model._path is not None
        model._path.write_text(model._path.read_text().replace("COALESCE(owner_id, '-1')", "owner_id"))
        here.context.load()
        here.poll("B", None, "08:00", "09:10", "R")
        here.deploy("09:30")

        assert here.context.run(execution_time="2026-03-02 09:30:01") is CompletionStatus.FAILURE
