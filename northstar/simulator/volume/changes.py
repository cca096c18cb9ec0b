"""The change log of facts: for each raw table, the query of the rows committed in a range of half hours.

Every query reads ``volume_slots`` (life.py) and has the columns of ingestion first; keys follow from half hour and place.
"""

from __future__ import annotations

from northstar.simulator.volume.company import CLINICS_PER_ACCOUNT, PROVIDERS_PER_CLINIC, VolumeCompany
from northstar.simulator.volume.life import MINUTE_US, STEPS, TICK_US, step

TYPES = 7
_STEPS_IN_LSN = 32


class FactSql:
    """Writes the queries for one company."""

    def __init__(self, company: VolumeCompany) -> None:
        self._company = company
        self._epoch = int(company.start.timestamp()) * 1_000_000

    def at(self, tick: str, offset_us: str = "0") -> str:
        """The instant so far after the begin of a half hour."""
        return f"make_timestamp({self._epoch} + ({tick})::BIGINT * {TICK_US} + ({offset_us})::BIGINT)"

    def committed(self, tick: str, number: str = "step") -> str:
        """When the transaction of a step was committed: transactions follow each other evenly in a half hour."""
        count = self._company.appointments_per_tick
        return self.at(tick, f"({number} * {count} + r) * {TICK_US} // {(len(STEPS) + 1) * count}")

    def log_columns(self, operation: str, seq: str) -> str:
        """The columns that the reader of PostgreSQL's log adds."""
        lsn = f"(((t + 1)::BIGINT * {_STEPS_IN_LSN} + step) << 20) + r"
        return (
            f"{operation} AS _op, {lsn} AS _commit_lsn, ({seq})::BIGINT AS _seq, {self.committed('t')} AS _commit_ts, "
            f"{lsn} AS _xid, NULL::VARCHAR AS _unchanged"
        )

    def _happened(self, first: int, last: int, steps: str) -> str:
        """What happens in the half hours from ``first`` up to ``last``, with the appointment that it happens to.

        A start is in a half hour of the day that decides which part of the world is at work.
        """
        company = self._company
        bounds = [0, company.asian_accounts, company.eastern_accounts, company.accounts]
        low, high = (
            f"CASE WHEN of_day < 16 THEN {edges[0]} WHEN of_day < 28 THEN {edges[1]} ELSE {edges[2]} END"
            for edges in (
                [bound * CLINICS_PER_ACCOUNT for bound in bounds[:3]],
                [bound * CLINICS_PER_ACCOUNT for bound in bounds[1:]],
            )
        )
        return f"""
        (SELECT *, clinic // {CLINICS_PER_ACCOUNT} + 1 AS account_id, clinic + 1 AS clinic_id,
          clinic * {PROVIDERS_PER_CLINIC} + ((luck >> 20) & 255)::BIGINT * {PROVIDERS_PER_CLINIC} // 256 + 1 AS provider_id,
          clinic * {company.patients_per_clinic}
            + (((luck >> 28) & 1048575)::DOUBLE / 1048576 * (((luck >> 28) & 1048575)::DOUBLE / 1048576)
               * {company.patients_per_clinic})::BIGINT % {company.patients_per_clinic} + 1 AS patient_id
        FROM (SELECT *, ({low} + floor(({high} - ({low})) * pow((luck & 1048575)::DOUBLE / 1048576, 2)))::BIGINT AS clinic
        FROM (SELECT *, (born + lead) % 48 AS of_day, hash(id, {company.seed}) AS luck
        FROM (SELECT *, t - lag AS born, (t - lag) * {company.appointments_per_tick} + r + 1 AS id
        FROM (SELECT unnest(range({first}, {last})) AS t), volume_slots
        WHERE step IN ({steps}) AND t - lag >= 0))))
        """

    def _starts(self) -> tuple[str, str]:
        """When a visit starts in the end, and how many minutes it takes."""
        return self.at(
            "born + lead", f"((luck >> 51) & 1)::BIGINT * {15 * MINUTE_US}"
        ), "(15 * (1 + ((luck >> 52) & 3)))"

    def appointments(self, first: int, last: int) -> str:
        """``scheduling.appointments``: the image after each step."""
        starts, minutes = self._starts()
        before = f"step < {step('moved')} AND moved_ticks > 0"
        start = f"({starts} + CASE WHEN {before} THEN to_microseconds(moved_ticks::BIGINT * {TICK_US}) ELSE to_microseconds(0) END)"
        came = f"step >= {step('arrived')} AND outcome = 'fulfilled'"
        kind = f"(((luck >> 54) & 127) + (step = {step('corrected')})::INTEGER)::BIGINT % {TYPES}"
        return f"""
        SELECT {self.log_columns(f"CASE WHEN step = {step('booked')} THEN 'I' ELSE 'U' END", "0")},
          id AS appointment_id, account_id, clinic_id, provider_id, patient_id,
          account_id * 10 + {kind} + 1 AS appointment_type_id,
          CASE WHEN step = {step("cancelled")} THEN 'cancelled' WHEN step = {step("arrived")} THEN 'arrived'
               WHEN step >= {step("done")} THEN outcome ELSE 'booked' END AS status,
          {start} AS starts_at, {start} + to_minutes({minutes}::BIGINT) AS ends_at,
          {self.committed("born", "0")} AS booked_at,
          CASE WHEN {came} THEN {starts} - INTERVAL 5 MINUTE END AS arrived_at,
          CASE WHEN {came} THEN {starts} END AS checked_in_at,
          CASE WHEN step >= {step("done")} AND outcome = 'fulfilled' THEN {starts} + to_minutes({minutes}::BIGINT) END
            AS fulfilled_at,
          CASE WHEN step = {step("cancelled")} THEN {self.committed("t")} END AS cancelled_at,
          CASE WHEN step = {step("cancelled")} THEN ['pat', 'prov', 'other'][1 + (id % 3)] END AS cancellation_reason_code,
          NULL::BIGINT AS rescheduled_from_id, {kind} = 2 AS is_telehealth,
          NULL::VARCHAR AS reason_for_visit, NULL::VARCHAR AS notes,
          {self.committed("born", "0")} AS created_at, {self.committed("t")} AS updated_at
        FROM {self._happened(first, last, "0, 1, 2, 3, 4, 5")}
        """

    def appointment_events(self, first: int, last: int) -> str:
        """``scheduling.appointment_events``: one for each change of status or time."""
        starts, _ = self._starts()
        moved = f"to_microseconds(moved_ticks::BIGINT * {TICK_US})"
        return f"""
        SELECT {self.log_columns("'I'", "1")}, id * {_STEPS_IN_LSN} + step AS event_id, id AS appointment_id,
          CASE WHEN step = {step("booked")} THEN NULL
               WHEN step = {step("done")} AND outcome = 'fulfilled' THEN 'arrived' ELSE 'booked' END AS from_status,
          CASE WHEN step IN ({step("booked")}, {step("moved")}) THEN 'booked'
               WHEN step = {step("arrived")} THEN 'arrived' ELSE outcome END AS to_status,
          CASE WHEN step = {step("booked")} THEN NULL WHEN step = {step("moved")} THEN {starts} + {moved}
               ELSE {starts} END AS from_starts_at,
          CASE WHEN step < {step("moved")} THEN {starts} + {moved} ELSE {starts} END AS to_starts_at,
          CASE WHEN step <= {step("moved")} THEN 'patient' ELSE 'staff' END AS actor, {self.committed("t")} AS occurred_at
        FROM {self._happened(first, last, "0, 1, 2, 3, 4")}
        """

    def _priced(self, first: int, last: int, steps: str) -> str:
        """What happens to invoices, with the amounts of their up to four lines in minor units."""
        units = ", ".join(
            f"((40 + ((bits >> {8 * line}) & 255)::BIGINT) * minor_per_dollar // step_minor)::BIGINT * step_minor AS unit{line}"
            for line in range(4)
        )
        lines = ", ".join(
            f"CASE WHEN lines > {line} THEN unit{line} * (1 + ((bits >> {40 + line}) & 1))::BIGINT ELSE 0 END AS line{line}"
            for line in range(4)
        )
        taxes = ", ".join(f"(line{line} * tax_rate)::BIGINT AS tax{line}" for line in range(4))
        return f"""
        (SELECT *, subtotal + tax AS total, CASE WHEN has_credit THEN subtotal // 10 ELSE 0 END AS credit
        FROM (SELECT *, line0 + line1 + line2 + line3 AS subtotal, tax0 + tax1 + tax2 + tax3 AS tax
        FROM (SELECT *, {taxes} FROM (SELECT *, {lines}
        FROM (SELECT happened.*, money.* EXCLUDE (clinic), {units}
        FROM (SELECT *, hash(id, {self._company.seed + 1}) AS bits FROM {self._happened(first, last, steps)}) AS happened
        JOIN volume_money AS money ON money.clinic = happened.clinic)))))
        """

    def _opened(self) -> str:
        """When the invoice was opened: the commit of that step, found back from its lag in the same place."""
        return self.committed("born + lead + 4 + late", str(step("invoiced")))

    def invoices(self, first: int, last: int) -> str:
        """``billing.invoices``: opened, paid or written off."""
        paid, lost = f"step = {step('paid')}", f"step = {step('written_off')}"
        return f"""
        SELECT {self.log_columns(f"CASE WHEN step = {step('invoiced')} THEN 'I' ELSE 'U' END", "0")},
          id AS invoice_id, account_id, clinic_id, patient_id, 'INV-' || id AS invoice_number,
          CASE WHEN {paid} THEN 'paid' WHEN {lost} THEN 'uncollectible' ELSE 'open' END AS status, currency,
          subtotal AS subtotal_minor, tax AS tax_minor, total AS total_minor,
          CASE WHEN {paid} THEN total - credit ELSE 0 END AS amount_paid_minor, credit AS amount_credited_minor,
          ({self._opened()})::DATE + 30 AS due_on, {self._opened()} AS opened_at,
          CASE WHEN {paid} THEN {self.committed("t")} END AS paid_at, NULL::TIMESTAMP AS voided_at,
          CASE WHEN {lost} THEN {self.committed("t")} END AS uncollectible_at,
          {self._opened()} AS created_at, {self.committed("t")} AS updated_at
        FROM {self._priced(first, last, f"{step('invoiced')}, {step('paid')}, {step('written_off')}")}
        """

    def invoice_lines(self, first: int, last: int) -> str:
        """``billing.invoice_lines``: written with their invoice."""
        starts, _ = self._starts()

        def chosen(name: str) -> str:
            return "CASE n " + " ".join(f"WHEN {line} THEN {name}{line}" for line in range(4)) + " END"

        return f"""
        SELECT {self.log_columns("'I'", "2 + n")}, id * 8 + n AS invoice_line_id, id AS invoice_id,
          (n + 1)::INTEGER AS line_number, id AS appointment_id,
          'NS-' || ['NEW', 'FUP', 'TEL', 'PHY', 'NUR', 'ACU', 'PRC'][1 + (id + n) % 7] AS procedure_code,
          NULL::VARCHAR AS description, ({starts})::DATE AS service_date,
          (1 + ((bits >> (40 + n)::UTINYINT) & 1))::INTEGER AS quantity, {chosen("unit")} AS unit_amount_minor,
          {chosen("line")} AS amount_minor, {chosen("tax")} AS tax_minor,
          {self.committed("t")} AS created_at, {self.committed("t")} AS updated_at
        FROM (SELECT *, unnest(range(lines))::BIGINT AS n FROM {self._priced(first, last, str(step("invoiced")))})
        """

    def credit_notes(self, first: int, last: int) -> str:
        """``billing.credit_notes``: what the payer does not allow, known when the invoice is opened."""
        return f"""
        SELECT {self.log_columns("'I'", "1")}, id AS credit_note_id, id AS invoice_id, currency,
          credit AS amount_minor, 'contractual_adjustment' AS reason_code,
          {self.committed("t")} AS issued_at, {self.committed("t")} AS updated_at
        FROM {self._priced(first, last, str(step("invoiced")))} WHERE has_credit
        """

    def payments(self, first: int, last: int) -> str:
        """``billing.payments``: one that succeeds, and sometimes one before it that is declined."""
        declined = f"step = {step('declined')}"
        method = "['card', 'cash', 'check', 'ach', 'insurance', 'insurance'][1 + (bits >> 50)::BIGINT % 6]"
        return f"""
        SELECT {self.log_columns("'I'", "1")}, id * 2 + (step = {step("paid")})::BIGINT AS payment_id, account_id, patient_id,
          CASE WHEN NOT {declined} AND {method} = 'insurance' THEN 1 + (bits >> 44)::BIGINT % 4 END AS payer_id,
          CASE WHEN {declined} THEN 'card' ELSE {method} END AS method,
          CASE WHEN {declined} THEN 'failed' ELSE 'succeeded' END AS status,
          CASE WHEN {declined} THEN 'card_declined' END AS failure_code, currency,
          total - credit AS amount_minor,
          CASE WHEN NOT {declined} AND {method} = 'card' THEN (total - credit) * 29 // 1000 ELSE 0 END
            AS processor_fee_minor,
          CASE WHEN NOT {declined} THEN {self.committed("t")} END AS received_at,
          {self.committed("t")} AS created_at, {self.committed("t")} AS updated_at
        FROM {self._priced(first, last, f"{step('declined')}, {step('paid')}")}
        """

    def payment_allocations(self, first: int, last: int) -> str:
        """``billing.payment_allocations``: each payment is applied to its invoice."""
        return f"""
        SELECT {self.log_columns("'I'", "2")}, id AS payment_allocation_id, id * 2 + 1 AS payment_id, id AS invoice_id,
          total - credit AS amount_minor, {self.committed("t")} AS allocated_at, {self.committed("t")} AS updated_at
        FROM {self._priced(first, last, str(step("paid")))}
        """

    def refunds(self, first: int, last: int) -> str:
        """``billing.refunds``: a part of what was paid."""
        return f"""
        SELECT {self.log_columns("'I'", "0")}, id AS refund_id, id * 2 + 1 AS payment_id, id AS invoice_id, currency,
          (total - credit) // 4 AS amount_minor, 'goodwill' AS reason_code,
          {self.committed("t")} AS refunded_at, {self.committed("t")} AS updated_at
        FROM {self._priced(first, last, str(step("refunded")))}
        """
