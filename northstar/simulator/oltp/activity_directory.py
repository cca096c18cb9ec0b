"""The company itself changes: specialties, regions, templates, time off at short notice, closures, plans."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from northstar.simulator.oltp import words
from northstar.simulator.oltp.activity_bookings import cancellation
from northstar.simulator.oltp.calendars import wall_time
from northstar.simulator.oltp.localtime import local, to_utc
from northstar.simulator.oltp.openings import OpenClinic, Openings
from northstar.simulator.oltp.places import PLACES
from northstar.simulator.oltp.tick import Statement, Tick, keys

# Expected number per half hour at scale one.
SPECIALTIES = 1.0
REGIONS = 0.1
TEMPLATES = 0.25
TIME_OFF = 0.35
CALLED_OFF = 0.1
CLOSURES = 0.08
PLANS = 0.08

_PLANS = ("starter", "growth", "enterprise")
_REGIONS = tuple(sorted({place.region for place in PLACES}))


def plan(tick: Tick, openings: Openings) -> None:
    """Plan the changes of accounts, clinics, providers and their calendars."""
    _specialties(tick)
    _regions(tick)
    _plans(tick)
    if openings.open:
        _templates(tick, openings)
        _time_off(tick, openings)
        _closures(tick, openings)


def _count(tick: Tick, what: str, rate: float) -> int:
    return tick.count(what, rate * tick.company.scale)


def _specialties(tick: Tick) -> None:
    """Providers get another specialty; now and then the first entry was wrong and is put right."""
    query = "SELECT provider_id, specialty_code FROM directory.providers WHERE terminated_on IS NULL"
    update = "UPDATE directory.providers SET specialty_code = %s, updated_at = %s WHERE provider_id = %s"
    for provider, old in tick.pick(query, _count(tick, "specialties", SPECIALTIES), "provider_id"):
        key = keys([provider])
        options = [code for code, _, _ in words.SPECIALTIES if code != old]
        first, second = (tick.chance.choice(f"specialty {n}", key, options)[0] for n in (1, 2))
        at = tick.moment("specialty", provider)
        later = at + timedelta(seconds=50)
        changed, corrected = (update, [first, at, provider]), (update, [second, later, provider])
        slip = tick.chance.uniform("slip", key)[0]
        if slip < 0.1:
            tick.add(later, changed, corrected)
        elif slip < 0.2:
            tick.add(at, changed)
            tick.add(later, corrected)
        else:
            tick.add(at, changed)


def _regions(tick: Tick) -> None:
    query = "SELECT clinic_id, region_code FROM directory.clinics WHERE closed_on IS NULL"
    for clinic, old in tick.pick(query, _count(tick, "regions", REGIONS), "clinic_id"):
        at = tick.moment("region", clinic)
        new = tick.chance.choice("region", keys([clinic]), [code for code in _REGIONS if code != old])[0]
        update = "UPDATE directory.clinics SET region_code = %s, updated_at = %s WHERE clinic_id = %s"
        tick.add(at, (update, [new, at, clinic]))


def _plans(tick: Tick) -> None:
    """An account moves to another plan: three tables, one transaction."""
    query = "SELECT account_id, plan_code FROM directory.accounts WHERE status <> 'churned'"
    for account, old in tick.pick(query, _count(tick, "plans", PLANS), "account_id"):
        at = tick.moment("plan", account)
        new = tick.chance.choice("plan", keys([account]), [code for code in _PLANS if code != old])[0]
        tick.add(
            at,
            ("UPDATE directory.accounts SET plan_code = %s, updated_at = %s WHERE account_id = %s", [new, at, account]),
            ("UPDATE billing.account_subscriptions SET plan_code = %s, updated_at = %s WHERE account_id = %s",
             [new, at, account]),
            ("INSERT INTO directory.account_plan_changes VALUES (nextval('simulator_ids.account_plan_changes'),"
             " %s, %s, %s, %s, %s)", [account, old, new, at, at]),
        )  # fmt: skip


def _templates(tick: Tick, openings: Openings) -> None:
    """From a day in two weeks on, a session begins half an hour later."""
    query = """
        SELECT schedule_id, provider_id, clinic_id, iso_weekday, extract(epoch FROM starts_at)::int / 60, ends_at,
            slot_minutes
        FROM scheduling.provider_schedules
        WHERE valid_to IS NULL AND valid_from <= %(today)s AND clinic_id = ANY(%(clinics)s)
            AND starts_at < time '22:00' AND (ends_at = '00:00' OR starts_at + interval '1 hour' < ends_at)
    """
    parameters = {"today": tick.start.date(), "clinics": openings.open_ids}
    for row in tick.pick(query, _count(tick, "templates", TEMPLATES), "schedule_id", parameters):
        schedule, provider, clinic, weekday, start, end, slot = row
        at, since = tick.moment("template", schedule), tick.start.date() + timedelta(days=14)
        tick.add(
            at,
            ("UPDATE scheduling.provider_schedules SET valid_to = %s, updated_at = %s WHERE schedule_id = %s",
             [since, at, schedule]),
            ("INSERT INTO scheduling.provider_schedules VALUES (nextval('simulator_ids.provider_schedules'),"
             " %s, %s, %s, %s, %s, %s, %s, NULL, %s)",
             [provider, clinic, weekday, wall_time(start + 30), end, slot, since, at]),
        )  # fmt: skip


def _tomorrow(tick: Tick, clinic: OpenClinic, days: int = 1) -> date:
    return local(tick.start, clinic.zone).date() + timedelta(days=days)


def _time_off(tick: Tick, openings: Openings) -> None:
    """A provider is away from tomorrow on, and the visits are called off; another absence is cancelled."""
    zones = {clinic.clinic_id: clinic for clinic in openings.open}
    query = "SELECT provider_id, home_clinic_id FROM directory.providers WHERE home_clinic_id = ANY(%(clinics)s)"
    clinics = {"clinics": openings.open_ids}
    for provider, home in tick.pick(query, _count(tick, "time off", TIME_OFF), "provider_id", clinics):
        key, clinic, at = keys([provider]), zones[home], tick.moment("time off", provider)
        days = int(tick.chance.between("days off", key, 1, 4)[0])
        start, end = (to_utc(_tomorrow(tick, clinic, n), 0, clinic.zone) for n in (1, 1 + days))
        reason = tick.chance.choice("time off", key, words.PTO_REASONS)[0]
        openings.block_provider(provider, start, end)
        insert = ("INSERT INTO scheduling.schedule_exceptions VALUES (nextval('simulator_ids.schedule_exceptions'),"
                  " %s, NULL, 'pto', %s, %s, false, %s, %s)", [provider, start, end, reason, at])  # fmt: skip
        tick.add(at, insert, *_call_off(tick, "provider_id", provider, start, end, at))
    query = "SELECT exception_id FROM scheduling.schedule_exceptions WHERE NOT is_cancelled AND starts_at > %(now)s"
    for (number,) in tick.pick(query, _count(tick, "called off", CALLED_OFF), "exception_id", {"now": tick.end}):
        at = tick.moment("called off", number)
        update = (
            "UPDATE scheduling.schedule_exceptions SET is_cancelled = true, updated_at = %s WHERE exception_id = %s"
        )
        tick.add(at, (update, [at, number]))


def _closures(tick: Tick, openings: Openings) -> None:
    """A clinic has to close tomorrow afternoon or all day."""
    query = "SELECT clinic_id FROM directory.clinics WHERE clinic_id = ANY(%(clinics)s)"
    zones = {clinic.clinic_id: clinic for clinic in openings.open}
    clinics = {"clinics": openings.open_ids}
    for (number,) in tick.pick(query, _count(tick, "closures", CLOSURES), "clinic_id", clinics):
        clinic, at = zones[number], tick.moment("closure", number)
        day = _tomorrow(tick, clinic)
        noon = tick.chance.happens("half a day", keys([number]), 0.5)[0]
        start, end = to_utc(day, 720 if noon else 0, clinic.zone), to_utc(day, 1440, clinic.zone)
        walls = [
            datetime.combine(day, datetime.min.time()) + timedelta(hours=hours) for hours in (12 if noon else 0, 24)
        ]
        openings.close_clinic(number, start, end)
        reason = tick.chance.choice("closure", keys([number]), ("weather", "maintenance"))[0]
        insert: Statement = (
            "INSERT INTO directory.clinic_closures VALUES (nextval('simulator_ids.clinic_closures'),"
            " %s, %s, %s, %s, %s, %s)", [number, *walls, reason, at, at],
        )  # fmt: skip
        tick.add(at, insert, *_call_off(tick, "clinic_id", number, start, end, at))


def _call_off(tick: Tick, column: str, owner: int, start: datetime, end: datetime, at: datetime) -> list[Statement]:
    """Cancel what is booked in a time, unless something else happens to it in this half hour."""
    query = f"""
        SELECT appointment_id, starts_at, status FROM scheduling.appointments
        WHERE {column} = %s AND starts_at >= %s AND starts_at < %s AND status IN ('booked', 'pending', 'proposed')
        ORDER BY appointment_id
    """
    statements: list[Statement] = []
    earliest = max(start, (tick.end + timedelta(hours=1)).astimezone(UTC))
    for appointment, starts_at, status in tick.rows(query, [owner, earliest, end]):
        if appointment not in tick.claimed:
            tick.claimed.add(appointment)
            statements += cancellation(appointment, starts_at, "prov", at, status)
    return statements
