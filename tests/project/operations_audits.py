"""Fixtures of the audits on days and months of clinics and providers."""

from __future__ import annotations

from audit_fixture import Fixture, columns

_DAY = {
    "provider_id": 1,
    "clinic_id": 2,
    "local_date": "2026-03-08",
    "day_starts_at": "2026-03-08 05:00:00",
    "day_ends_at": "2026-03-09 04:00:00",
    "bookable_seconds": 28800,
    "available_seconds": 21600,
    "blocked_seconds": 7200,
    "booked_seconds": 10800,
    "fulfilled_seconds": 3600,
    "load_seconds": 14400,
}
_WHOLE_DAY = 23 * 3600
"""Clocks go forward on 2026-03-08, so that it has 23 hours."""
_SLOTS = {"provider_id": 1, "clinic_id": 2, "local_date": "2026-03-08", "available_slots": 3, "booked_slots": 3}
_FREED = {
    **{name: _DAY[name] for name in ("provider_id", "clinic_id", "local_date", "day_starts_at", "day_ends_at")},
    "cancelled_seconds": 3600,
    "rebooked_seconds": 1800,
}
_VISITS = {
    "provider_id": 1,
    "clinic_id": 2,
    "local_date": "2026-03-08",
    "fulfilled_count": 5,
    "no_show_count": 1,
    "attended_unfinished_count": 0,
    "checked_in_count": 4,
    "on_time_count": 3,
}
_PANEL = {"provider_id": 1, "clinic_id": 2, "local_date": "2026-03-08", "panel_patients": 3, "returning_patients": 3}
_OUTCOMES = {
    "clinic_id": 2,
    "appointment_type_id": 3,
    "local_date": "2026-03-08",
    "scheduled_count": 20,
    "fulfilled_count": 7,
    "no_show_count": 2,
    "attended_unfinished_count": 1,
    "outstanding_count": 4,
    "cancelled_count": 6,
    "cancelled_by_patient_count": 3,
    "cancelled_by_clinic_count": 2,
    "late_cancelled_count": 4,
    "cancelled_after_start_count": 1,
    "cancelled_under_2_hours_count": 1,
    "cancelled_2_to_24_hours_count": 2,
    "cancelled_24_to_72_hours_count": 1,
    "cancelled_over_72_hours_count": 1,
}
_MONTH = {"provider_id": 1, "clinic_id": 2, "specialty_code": "a", "month_start": "2026-03-01", "visit_count": 7}
"""The days of fixture.daily have 7 visits in March and 5 in April at clinic 2; April is not touched."""

PARENTS = {
    "daily": """
        SELECT 1 AS provider_id, 2 AS clinic_id, '2026-03-08'::DATE AS local_date, 3 AS visit_count
        UNION ALL SELECT 1, 2, '2026-03-31'::DATE, 4
        UNION ALL SELECT 1, 2, '2026-04-01'::DATE, 5
    """,
    "touched": """
        SELECT 1 AS provider_id, '2026-03-01'::DATE AS month_start, '2026-03-08 12:00:00'::TIMESTAMP AS touched_at
        UNION ALL SELECT 1, '2026-04-01'::DATE, '2026-03-10 12:00:00'::TIMESTAMP
    """,
}
"""Models that the audits compare with."""

FIXTURES = {
    "freed_balance": Fixture(
        call="freed_balance",
        columns=columns(_FREED),
        passes={
            "some of it": [_FREED],
            "all of it": [_FREED | {"rebooked_seconds": 3600}],
            "nothing": [_FREED | {"cancelled_seconds": 0, "rebooked_seconds": 0}],
            "all day": [_FREED | {"cancelled_seconds": _WHOLE_DAY}],
        },
        fails={
            "more booked again than freed": (1, [_FREED, _FREED | {"rebooked_seconds": 3601}]),
            "more than the day": (1, [_FREED | {"cancelled_seconds": _WHOLE_DAY + 1}]),
            "negative": (1, [_FREED | {"rebooked_seconds": -1}]),
        },
    ),
    "keeps_keys": Fixture(
        call="keeps_keys(key := member_id, parent := fixture.parent)",
        columns="member_id BIGINT",
        passes={"all": [{"member_id": 1}, {"member_id": -1}], "more": [{"member_id": n} for n in (-1, 1, 2)]},
        fails={"one lost": (1, [{"member_id": 1}]), "all lost": (2, [])},
        depends_on="depends_on (fixture.parent),",
    ),
    "minutes_balance": Fixture(
        call="minutes_balance",
        columns=columns(_DAY),
        passes={
            "an ordinary day": [_DAY],
            "nothing": [_DAY | {name: 0 for name in _DAY if name.endswith("_seconds")}],
            "all day": [_DAY | {"booked_seconds": _WHOLE_DAY, "load_seconds": _WHOLE_DAY}],
        },
        fails={
            "time lost": (1, [_DAY, _DAY | {"blocked_seconds": 7199}]),
            "more fulfilled than booked": (1, [_DAY | {"fulfilled_seconds": 10801}]),
            "more booked than load": (1, [_DAY | {"load_seconds": 10799}]),
            "booked longer than the day": (
                1,
                [_DAY | {"booked_seconds": _WHOLE_DAY + 1, "load_seconds": _WHOLE_DAY + 1}],
            ),
            "bookable longer than the day": (
                1,
                [_DAY | {"bookable_seconds": _WHOLE_DAY + 1, "available_seconds": _WHOLE_DAY - 7199}],
            ),
            "negative": (1, [_DAY | {"available_seconds": 28801, "blocked_seconds": -1}]),
        },
    ),
    "months_add_up": Fixture(
        call="months_add_up(day := fixture.daily, measure := visit_count, touched := fixture.touched)",
        columns=columns(_MONTH),
        passes={
            "one specialty": [_MONTH],
            "two specialties": [_MONTH | {"visit_count": 3}, _MONTH | {"specialty_code": "b", "visit_count": 4}],
            "a clinic with nothing": [_MONTH, _MONTH | {"clinic_id": 3, "visit_count": 0}],
            "a month that was not touched": [_MONTH, _MONTH | {"month_start": "2026-04-01", "visit_count": 6}],
        },
        fails={
            "visits lost": (1, [_MONTH | {"visit_count": 6}]),
            "visits counted twice": (1, [_MONTH, _MONTH | {"specialty_code": "b"}]),
            "month lost": (1, []),
            "visits of nowhere": (1, [_MONTH, _MONTH | {"clinic_id": 3}]),
        },
        depends_on="depends_on (fixture.daily, fixture.touched),",
        kind="INCREMENTAL_BY_UNIQUE_KEY (unique_key (provider_id, clinic_id, specialty_code, month_start))",
    ),
    "outcomes_balance": Fixture(
        call="outcomes_balance",
        columns=columns(_OUTCOMES),
        passes={
            "all kinds": [_OUTCOMES],
            "nothing": [_OUTCOMES | {name: 0 for name in _OUTCOMES if name.endswith("_count")}],
            "cancelled without saying when": [
                _OUTCOMES | {"cancelled_24_to_72_hours_count": 0, "cancelled_over_72_hours_count": 0}
            ],
        },
        fails={
            "an outcome lost": (1, [_OUTCOMES, _OUTCOMES | {"outstanding_count": 3}]),
            "one counted twice": (1, [_OUTCOMES | {"fulfilled_count": 8}]),
            "more by patients than cancelled": (1, [_OUTCOMES | {"cancelled_by_patient_count": 5}]),
            "more notices than cancelled": (1, [_OUTCOMES | {"cancelled_over_72_hours_count": 2}]),
            "late without notice": (1, [_OUTCOMES | {"late_cancelled_count": 3}]),
        },
    ),
    "panel_balance": Fixture(
        call="panel_balance",
        columns=columns(_PANEL),
        passes={"all return": [_PANEL], "nobody": [_PANEL | {"panel_patients": 0, "returning_patients": 0}]},
        fails={
            "more return than there are": (1, [_PANEL, _PANEL | {"panel_patients": 2}]),
            "negative": (1, [_PANEL | {"returning_patients": -1}]),
        },
    ),
    "slots_balance": Fixture(
        call="slots_balance",
        columns=columns(_SLOTS),
        passes={"all booked": [_SLOTS], "no slots": [_SLOTS | {"available_slots": 0, "booked_slots": 0}]},
        fails={
            "more booked than there are": (1, [_SLOTS, _SLOTS | {"available_slots": 2}]),
            "negative": (1, [_SLOTS | {"booked_slots": -1}]),
        },
    ),
    "visits_balance": Fixture(
        call="visits_balance",
        columns=columns(_VISITS),
        passes={
            "an ordinary day": [_VISITS],
            "all on time": [_VISITS | {"checked_in_count": 5, "on_time_count": 5}],
        },
        fails={
            "more on time than checked in": (1, [_VISITS, _VISITS | {"on_time_count": 5}]),
            "more checked in than done": (1, [_VISITS | {"checked_in_count": 6}]),
            "negative": (1, [_VISITS | {"no_show_count": -1}]),
        },
    ),
}
