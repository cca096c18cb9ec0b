"""Half-hour boundaries and load stamps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar.clock import TICK, floor_boundary, load_stamp, next_boundary, parse_boundary

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


@given(MOMENTS)
def test_boundaries_enclose_the_moment(moment: datetime) -> None:
    assert floor_boundary(moment) <= moment < next_boundary(moment)
    assert next_boundary(moment) - floor_boundary(moment) == TICK
    assert floor_boundary(moment).minute in (0, 30)


def test_a_boundary_is_read_in_utc_or_with_its_offset() -> None:
    assert parse_boundary("2026-11-04T10:30") == datetime(2026, 11, 4, 10, 30, tzinfo=UTC)
    assert parse_boundary("2026-11-04T10:30+02:00") == datetime(2026, 11, 4, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "2026-11-04T10:31", "2026-11-04T10:30:01"])
def test_what_is_no_boundary_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        parse_boundary(text)


def test_a_stamp_lies_in_the_interval_that_ends_at_the_boundary() -> None:
    boundary = datetime(2026, 11, 4, 10, 30, tzinfo=UTC)
    assert boundary - TICK <= load_stamp(boundary, None) < boundary
    assert load_stamp(boundary, boundary - TICK) == load_stamp(boundary, None)


@pytest.mark.parametrize("later", [timedelta(0), TICK])
def test_nothing_is_stamped_before_a_seal(later: timedelta) -> None:
    boundary = datetime(2026, 11, 4, 10, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="late rows belong to the next interval"):
        load_stamp(boundary, boundary + later)
