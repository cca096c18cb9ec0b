"""Owners of accounts over several polls, by the real models: SQLMesh's SCD_TYPE_2_BY_TIME and what is made of it."""

from __future__ import annotations

from pathlib import Path

from owner_lab import POLLED, VERSION, Lab, lab
from sqlmesh.utils import CompletionStatus


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
