"""Where clinics and patients are: cities, time zones, postal codes, currencies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A city with its time zone; ``region`` is how Northstar groups clinics."""

    country: str
    city: str
    state: str
    time_zone: str
    region: str
    postal_codes: tuple[str, ...]


@dataclass(frozen=True)
class Money:
    """How prices are made in a country: minor units per US dollar, the step of a price, and the tax rate."""

    currency: str
    minor_per_dollar: float
    step: int
    tax_rate: float


PLACES = (
    Place("US", "Boston", "MA", "America/New_York", "US-NE", ("02108", "02139-4301", "03601", "05901")),
    Place("US", "Chicago", "IL", "America/Chicago", "US-MW", ("60601", "60614", "55601", "69201")),
    Place("US", "Phoenix", "AZ", "America/Phoenix", "US-SW", ("85004", "85016", "87901", "88401")),
    Place("US", "Denver", "CO", "America/Denver", "US-MT", ("80202", "80211", "82101", "82301")),
    Place("US", "Portland", "OR", "America/Los_Angeles", "US-W", ("97201", "97214", "89301")),
    Place("US", "Atlanta", "GA", "America/New_York", "US-SE", ("30303", "30309", "20301")),
    Place("US", "Austin", "TX", "America/Chicago", "US-SW", ("78701", "78704")),
    Place("CA", "Toronto", "ON", "America/Toronto", "CA-E", ("M5H 2N2", "M4B 1B3")),
    Place("CA", "St. John's", "NL", "America/St_Johns", "CA-E", ("A1C 5S7",)),
    Place("CA", "Vancouver", "BC", "America/Vancouver", "CA-W", ("V6B 1A1",)),
    Place("GB", "London", "", "Europe/London", "EU-N", ("EC1A 1BB", "W1A 0AX")),
    Place("DE", "Berlin", "BE", "Europe/Berlin", "EU-C", ("10115", "10999")),
    Place("JP", "Tokyo", "13", "Asia/Tokyo", "AP", ("100-0001", "150-0002")),
    Place("KW", "Kuwait City", "", "Asia/Kuwait", "ME", ("15000", "13001")),
)

MONEY = {
    "US": Money("USD", 100.0, 1, 0.0),
    "CA": Money("CAD", 136.0, 5, 0.05),
    "GB": Money("GBP", 79.0, 5, 0.0),
    "DE": Money("EUR", 92.0, 5, 0.19),
    "JP": Money("JPY", 150.0, 10, 0.10),
    "KW": Money("KWD", 307.0, 50, 0.0),
}

WORKDAYS = {"KW": (7, 1, 2, 3, 4)}
"""ISO weekdays of work where they are not Monday to Friday."""

ABROAD = ("GB", "JP", "DE", "KW", "CA")
"""Countries in which a large United States account has its one clinic abroad, in turn."""


def places_in(country: str) -> tuple[Place, ...]:
    """All places of a country, in a fixed order."""
    return tuple(place for place in PLACES if place.country == country)


def workdays(country: str) -> tuple[int, ...]:
    """ISO weekdays on which clinics of a country work."""
    return WORKDAYS.get(country, (1, 2, 3, 4, 5))
