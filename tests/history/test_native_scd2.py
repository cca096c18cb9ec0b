"""On which inputs SQLMesh's own SCD_TYPE_2 kinds go wrong (decision 68), and that no model of ours gets those inputs.

The day an upgrade mends one of them, a test here fails and the decision can be looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from projects import PROJECT, small_project
from sqlmesh import Context
from sqlmesh.core.console import NoopConsole, set_console
from sqlmesh.utils import CompletionStatus

DAY = datetime(2026, 3, 2)
_SOURCE = """
    SELECT id::TEXT AS id, owner::TEXT AS owner, changed_at::TIMESTAMP AS changed_at FROM given.log
    WHERE loaded_at BETWEEN @start_ts AND @end_ts
"""
_BY_TIME = "SCD_TYPE_2_BY_TIME (unique_key id, updated_at_name changed_at, updated_at_as_valid_from TRUE{more})"
KINDS = {
    "by_time": _BY_TIME.format(more=""),
    "closing": _BY_TIME.format(more=", invalidate_hard_deletes TRUE"),
    "by_column": "SCD_TYPE_2_BY_COLUMN (unique_key id, columns (owner), updated_at_name changed_at)",
}
LOG = (
    # id, owner, changed at, loaded at; polls end at 09:30, 10:00 and 10:30
    ("once", "X", "08:00", "09:10"),
    ("once", "Y", "09:40", "09:50"),
    ("several", "X", "08:00", "09:10"),
    ("several", "Y", "09:35", "09:50"),
    ("several", "Z", "09:40", "09:50"),
    ("null", None, "08:00", "09:10"),
    ("null", "X", "09:40", "09:50"),
    ("late", "X", "08:00", "09:10"),
    ("late", "Z", "09:40", "09:50"),
    ("late", "Y", "09:35", "10:10"),
    ("tie", "X", "09:00", "09:10"),
    ("tie", "Y", "09:00", "09:50"),
    ("silent", "X", "08:00", "09:10"),
)
Versions = list[tuple[str | None, str, str]]


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """The kinds over a log read by intervals, after three of them."""
    set_console(NoopConsole())
    home = tmp_path_factory.mktemp("native")
    models = {name: f"MODEL (name native.{name}, kind {kind});{_SOURCE}" for name, kind in KINDS.items()}
    (home / "external_models.yaml").write_text(
        "- name: given.log\n  columns: {id: TEXT, owner: TEXT, changed_at: TIMESTAMP, loaded_at: TIMESTAMP}\n"
    )
    with small_project(home, models) as context:
        adapter = context.engine_adapter
        adapter.execute("CREATE SCHEMA NORTHSTAR.given")
        adapter.execute(
            "CREATE TABLE NORTHSTAR.given.log (id TEXT, owner TEXT, changed_at TIMESTAMP, loaded_at TIMESTAMP)"
        )
        rows = [(key, owner, f"{DAY:%F} {changed}", f"{DAY:%F} {loaded}") for key, owner, changed, loaded in LOG]
        adapter.connection.executemany("INSERT INTO NORTHSTAR.given.log VALUES (?, ?, ?, ?)", rows)
        context.plan("prod", execution_time=f"{DAY:%F} 09:30", skip_backfill=True, auto_apply=True, no_prompts=True)
        for at in ("09:30", "10:00", "10:30"):
            assert context.run(execution_time=f"{DAY:%F} {at}:01") is CompletionStatus.SUCCESS
        yield context


def versions(context: Context, kind: str, key: str) -> Versions:
    """Owner, from and to, as times of the day."""
    rows = context.engine_adapter.fetchall(
        f"SELECT owner, valid_from, valid_to FROM native.{kind} WHERE id = '{key}' ORDER BY valid_from, valid_to"
    )
    return [(owner, _time(since), _time(until)) for owner, since, until in rows]


def _time(moment: datetime | None) -> str:
    return "open" if moment is None else f"{moment:%H:%M}" if moment.date() == DAY.date() else f"{moment:%Y}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "key", "right", "wrong"),
    [
        # One change an interval, told in time: what the kind is made for
        ("by_time", "once", [("X", "08:00", "09:40"), ("Y", "09:40", "open")], None),
        # A version is lost, and which one is chance
        ("by_time", "several", [("X", "08:00", "09:35"), ("Y", "09:35", "09:40"), ("Z", "09:40", "open")], 2),
        ("by_column", "several", [("X", "08:00", "09:35"), ("Y", "09:35", "09:40"), ("Z", "09:40", "open")], 2),
        # What had no owner is said to have had the next one
        ("by_time", "null", [(None, "08:00", "09:40"), ("X", "09:40", "open")], [("X", "08:00", "09:40")]),
        # Late: not there at all, or until before it began
        ("by_time", "late", [("Y", "09:35", "09:40")], "absent"),
        ("by_column", "late", [("Y", "09:35", "09:40")], "inverted"),
        # A change within the same second as one that was seen: not there at all
        ("by_time", "tie", [("Y", "09:00", "open")], "absent"),
        # Nothing was told of it, so it is closed
        ("closing", "silent", [("X", "08:00", "open")], "absent"),
        # The first version begins with the clock of computers
        ("by_column", "silent", [("X", "08:00", "open")], [("X", "1970", "open")]),
    ],
)
def test_what_the_native_kind_makes_of(
    native: Context, kind: str, key: str, right: Versions, wrong: Versions | int | str | None
) -> None:
    found = versions(native, kind, key)
    if wrong is None:
        assert found == right
    elif isinstance(wrong, int):
        assert len(found) == wrong < len(right)
    elif wrong == "absent":
        assert found and not set(right) & set(found)
    elif wrong == "inverted":
        assert any(until not in ("open",) and until < since for _, since, until in found), found
    else:
        assert set(wrong) <= set(found) and found != right


def test_only_polled_state_goes_through_the_native_kind() -> None:
    """The log's dimensions stay off it; what is polled is tested in test_polled_history.py, guards included."""
    models = (PROJECT / "models").rglob("*.sql")
    assert [file.stem for file in models if "SCD_TYPE_2" in _header(file)] == ["int_sales__account_owner"]


def _header(file: Path) -> str:
    return file.read_text().partition("description")[0]
