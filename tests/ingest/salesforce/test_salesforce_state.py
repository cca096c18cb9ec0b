"""What the cursor remembers, and what it may forget."""

from __future__ import annotations

import json

import pytest

from northstar.ingest.contract import IngestError
from northstar.ingest.salesforce.state import ObjectState, SourceState


def in_pass(*stamps: int, now: int = 1_000, overlap: int = 100) -> ObjectState:
    """A state in a pass in which a record was landed at each stamp; record n has the Id of its stamp."""
    state = ObjectState(floor=0, loaded=True)
    state.begin_pass(now, overlap)
    for stamp in stamps:
        state.note_landed(str(stamp), stamp, "content")
        state.advance(stamp, str(stamp))
    return state


def test_a_pass_leaves_the_states_of_its_overlap() -> None:
    state = in_pass(500, 899, 900, 950)
    assert state.position == (950, "950")
    assert not state.end_pass(most=10)
    assert (state.floor, set(state.recent)) == (900, {"900", "950"})
    assert (state.position, state.until, state.next_floor) == (None, None, None)


def test_too_many_states_raise_the_floor_to_what_is_still_known() -> None:
    state = in_pass(900, 910, 910, 920, 930)
    state.note_landed("also 910", 910, "content")
    assert state.end_pass(most=3)
    assert (state.floor, set(state.recent)) == (920, {"920", "930"})


def test_the_floor_never_rises_above_the_beginning_of_the_pass() -> None:
    """What was stamped since then is known in part only."""
    state = in_pass(950, 1_000, 1_001, 1_002, 1_003)
    assert state.position == (950, "950")
    assert state.end_pass(most=2)
    assert (state.floor, set(state.recent)) == (1_000, {"1000", "1001", "1002", "1003"})


def test_states_of_the_last_overlap_are_kept_until_the_pass_is_beyond_them() -> None:
    state = in_pass(950, 960, 970)
    state.end_pass(most=10)
    state.begin_pass(5_000, 100)
    assert not state.forget(most=10)
    assert set(state.recent) == {"950", "960", "970"}
    state.advance(960, "960")
    state.forget(most=10)
    assert set(state.recent) == {"960", "970"}
    state.end_pass(most=10)
    assert state.recent == {}


def test_a_pass_that_was_broken_off_keeps_its_beginning() -> None:
    state = in_pass(950)
    state.begin_pass(9_999, 100)
    assert (state.until, state.next_floor) == (1_000, 900)


def test_the_cursor_is_json_and_comes_back() -> None:
    state = SourceState(org_id="00D", batches=3, as_of=7, objects={"Lead": in_pass(950), "User": ObjectState()})
    again = SourceState.from_cursor(json.loads(json.dumps(state.as_cursor())))
    assert again == state
    assert SourceState.from_cursor(None) == SourceState()


def test_a_cursor_of_a_later_version_is_refused() -> None:
    with pytest.raises(IngestError, match="version 2"):
        SourceState.from_cursor({"version": 2})
