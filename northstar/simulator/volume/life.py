"""What happens to an appointment, and when: worked out once for each place in a half hour's bookings.

An appointment is known by the half hour in which it was booked and its place ``r`` among that half hour's bookings.
When its changes are committed depends on ``r`` and the step only, so that the changes of a half hour are a plain join
of half hours and steps, in the order of commit, at a cost that does not depend on what was before.
"""

from __future__ import annotations

from northstar.simulator.volume.company import VolumeCompany

STEPS = (
    "booked", "cancelled", "moved", "arrived", "done", "corrected",
    "invoiced", "declined", "paid", "written_off", "refunded",
)  # fmt: skip
"""In the order in which they may happen within one half hour; the position is the step's number."""

MINUTE_US = 60_000_000
TICK_US = 30 * MINUTE_US


def step(name: str) -> int:
    """The number of a step."""
    return STEPS.index(name)


def slots(company: VolumeCompany) -> str:
    """A query of one row for each place and step: ``r, step, lag, lead, moved_ticks, outcome, lines, has_credit``.

    ``lag`` is in half hours since the booking, ``lead`` until the scheduled start.  Two in a hundred outcomes are
    entered up to three days late, one in a thousand up to ninety.
    """
    seed = company.seed

    def chance(salt: int) -> str:
        return f"((hash(r, {seed}, {salt}) >> 11)::DOUBLE / 9007199254740992.0)"

    waits = f"floor(-ln(1 - {chance(8)}) * 480)::INTEGER"  # of payers: ten days on average
    conditions = {
        "booked": ("true", "0"),
        "cancelled": ("outcome = 'cancelled'", f"1 + floor((lead - 1) * {chance(5)})::INTEGER"),
        "moved": ("moved_ticks > 0", f"1 + floor((lead - 2) * {chance(6)})::INTEGER"),
        "arrived": ("outcome = 'fulfilled'", "lead + 1 + late"),
        "done": ("outcome IN ('fulfilled', 'noshow')", "lead + 3 + late"),
        "corrected": (f"outcome IN ('fulfilled', 'noshow') AND {chance(7)} < 0.15", "lead + 4 + late + wait // 8"),
        "invoiced": ("is_billed", "lead + 4 + late"),
        "declined": ("is_billed AND is_paid AND declines", "lead + 5 + late + wait"),
        "paid": ("is_billed AND is_paid", "lead + 6 + late + wait"),
        "written_off": (f"is_billed AND NOT is_paid AND {chance(9)} < 0.3", "lead + 4 + late + 2880"),
        "refunded": (f"is_billed AND is_paid AND {chance(10)} < 0.02", "lead + 7 + late + 2 * wait"),
    }
    steps = "\nUNION ALL BY NAME ".join(
        f"SELECT r, {number} AS step, {conditions[name][1]} AS lag, lead, moved_ticks, outcome, lines, has_credit, late "
        f"FROM fate WHERE {conditions[name][0]}"
        for number, name in enumerate(STEPS)
    )
    return f"""
    WITH drawn AS (
      SELECT r::BIGINT AS r,
        greatest(4, least(5760, floor(-ln(1 - {chance(1)}) * {company.mean_lead_days * 48})))::INTEGER AS lead,
        CASE WHEN {chance(2)} < 0.10 THEN 'cancelled' WHEN {chance(2)} < 0.17 THEN 'noshow' ELSE 'fulfilled' END AS outcome,
        {chance(3)} AS tardiness, {waits} AS wait
      FROM range({company.appointments_per_tick}) AS place(r)
    ), fate AS (
      SELECT *,
        CASE WHEN outcome <> 'cancelled' AND {chance(4)} < 0.08 THEN 48 * (1 + hash(r, {seed}, 11) % 7)::INTEGER ELSE 0 END
          AS moved_ticks,
        CASE WHEN tardiness < 0.979 THEN 0 WHEN tardiness < 0.999 THEN 1 + (hash(r, {seed}, 12) % 144)::INTEGER
             ELSE 1 + (hash(r, {seed}, 13) % 4320)::INTEGER END AS late,
        outcome = 'fulfilled' AND {chance(14)} < 0.65 AS is_billed, {chance(15)} < 0.85 AS is_paid,
        {chance(16)} < 0.05 AS declines, {chance(17)} < 0.10 AS has_credit,
        (1 + hash(r, {seed}, 18) % 4)::INTEGER AS lines
      FROM drawn
    )
    SELECT * FROM ({steps}) ORDER BY step, r
    """
