"""Between a clinic's wall clock and UTC, for single moments and for arrays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from northstar.simulator.oltp.chance import Objects, Times

_DAY = timedelta(days=1)


def to_utc(day: date, minutes: int, zone: str) -> datetime:
    """The instant at ``minutes`` after midnight on the wall clock (1440 is the end of the day)."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local(moment: datetime, zone: str) -> datetime:
    """The wall-clock time of an instant, without a zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def walls_to_utc(walls: Times, zones: Objects) -> Times:
    """Wall-clock times to UTC, both without a zone.

    A time that the clocks skip becomes the first one after the gap; of a time that comes twice, the first is meant.
    """
    result = np.empty(len(walls), dtype="datetime64[us]")
    for zone in pd.unique(zones):
        mask = zones == zone
        # Converting is slow, and appointments share their times.
        distinct, place = np.unique(walls[mask], return_inverse=True)
        index = pd.DatetimeIndex(distinct)
        first = np.ones(len(index), dtype=bool)
        aware = index.tz_localize(ZoneInfo(zone), ambiguous=first, nonexistent="shift_forward")
        result[mask] = aware.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")[place]
    return result


def local_dates(instants: Times, zones: Objects) -> Times:
    """The local calendar date of each instant (UTC without a zone)."""
    result = np.empty(len(instants), dtype="datetime64[D]")
    for zone in pd.unique(zones):
        mask = zones == zone
        walls = pd.DatetimeIndex(instants[mask]).tz_localize("UTC").tz_convert(ZoneInfo(zone)).tz_localize(None)
        result[mask] = walls.to_numpy().astype("datetime64[D]")
    return result


def naive(moment: datetime) -> np.datetime64:
    """An aware instant as UTC without a zone, for arrays."""
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")
