"""Rules that every row of the simulated app keeps, each as a query for rows that break it.

``before`` is a schema with copies of some tables as the seed left them.
"""

_LAST_EVENT = """
    (SELECT DISTINCT ON (appointment_id) * FROM scheduling.appointment_events
     ORDER BY appointment_id, occurred_at DESC, event_id DESC)
"""
APPOINTMENT_RULES = {
    "without events": "SELECT 1 FROM scheduling.appointments a WHERE NOT EXISTS"
    " (SELECT FROM scheduling.appointment_events e WHERE e.appointment_id = a.appointment_id)",
    "first event is not the creation": """
        SELECT 1 FROM scheduling.appointments JOIN (
            SELECT DISTINCT ON (appointment_id) * FROM scheduling.appointment_events ORDER BY appointment_id, event_id
        ) e USING (appointment_id)
        WHERE from_status IS NOT NULL OR from_starts_at IS NOT NULL OR occurred_at <> created_at""",
    "event before creation or after the last change": """
        SELECT 1 FROM scheduling.appointments JOIN scheduling.appointment_events USING (appointment_id)
        WHERE occurred_at < created_at OR occurred_at > updated_at""",
    "last event has another status or time": f"""
        SELECT 1 FROM scheduling.appointments JOIN {_LAST_EVENT} e USING (appointment_id)
        WHERE status <> to_status OR starts_at <> to_starts_at""",
    "chain of events is broken": """
        SELECT 1 FROM (
            SELECT *, lag(to_status) OVER w AS last_status, lag(to_starts_at) OVER w AS last_start,
                lag(occurred_at) OVER w AS last_at
            FROM scheduling.appointment_events WINDOW w AS (PARTITION BY appointment_id ORDER BY event_id)
        ) e
        WHERE from_status IS DISTINCT FROM last_status OR from_starts_at IS DISTINCT FROM last_start
            OR occurred_at < last_at""",
    "event that changes nothing": "SELECT 1 FROM scheduling.appointment_events"
    " WHERE from_status = to_status AND from_starts_at = to_starts_at",
    **{
        f"{column} differs from its event": f"""
            SELECT 1 FROM scheduling.appointments a
            WHERE {column} IS DISTINCT FROM (
                SELECT min(occurred_at) FROM scheduling.appointment_events e
                WHERE e.appointment_id = a.appointment_id AND to_status = '{status}')"""
        for column, status in (
            ("booked_at", "booked"),
            ("arrived_at", "arrived"),
            ("checked_in_at", "checked-in"),
            ("fulfilled_at", "fulfilled"),
            ("cancelled_at", "cancelled"),
        )
    },
    "times out of order": "SELECT 1 FROM scheduling.appointments WHERE ends_at <= starts_at OR booked_at < created_at"
    " OR arrived_at < booked_at OR checked_in_at < arrived_at OR fulfilled_at < coalesce(checked_in_at, arrived_at)",
    "reason without cancellation, or the reverse": "SELECT 1 FROM scheduling.appointments"
    " WHERE (status = 'cancelled') <> (cancellation_reason_code IS NOT NULL)"
    " OR (status = 'cancelled') <> (cancelled_at IS NOT NULL)",
    "replacement that does not fit what it replaces": """
        SELECT 1 FROM scheduling.appointments new
            JOIN scheduling.appointments old ON old.appointment_id = new.rescheduled_from_id
        WHERE old.cancellation_reason_code <> 'rescheduled' OR new.patient_id <> old.patient_id
            OR new.created_at <> old.cancelled_at OR new.provider_id <> old.provider_id""",
    "rescheduled, but not replaced by one other in the seed": """
        SELECT 1 FROM before.appointments old
        WHERE cancellation_reason_code = 'rescheduled'
            AND 1 <> (SELECT count(*) FROM before.appointments WHERE rescheduled_from_id = old.appointment_id)""",
    "replaced twice": "SELECT 1 FROM scheduling.appointments WHERE rescheduled_from_id IS NOT NULL"
    " GROUP BY rescheduled_from_id HAVING count(*) > 1",
    "of another account": """
        SELECT 1 FROM scheduling.appointments a
            JOIN directory.clinics c USING (clinic_id) JOIN directory.providers p USING (provider_id)
            JOIN scheduling.appointment_types t USING (appointment_type_id) JOIN patients.patients q USING (patient_id)
        WHERE a.account_id <> ALL (ARRAY[c.account_id, p.account_id, t.account_id, q.account_id])""",
}
BILLING_RULES = {
    "total is not subtotal and tax": "SELECT 1 FROM billing.invoices WHERE total_minor <> subtotal_minor + tax_minor",
    "lines do not sum to the invoice": """
        SELECT 1 FROM billing.invoices JOIN (
            SELECT invoice_id, sum(amount_minor) AS amount, sum(tax_minor) AS tax FROM billing.invoice_lines GROUP BY 1
        ) l USING (invoice_id) WHERE amount <> subtotal_minor OR tax <> tax_minor""",
    "without lines": "SELECT 1 FROM billing.invoices WHERE invoice_id NOT IN"
    " (SELECT invoice_id FROM billing.invoice_lines)",
    "paid is not the sum of allocations": """
        SELECT 1 FROM billing.invoices i WHERE amount_paid_minor <> coalesce(
            (SELECT sum(amount_minor) FROM billing.payment_allocations a WHERE a.invoice_id = i.invoice_id), 0)""",
    "credited is not the sum of credit notes": """
        SELECT 1 FROM billing.invoices i WHERE amount_credited_minor <> coalesce(
            (SELECT sum(amount_minor) FROM billing.credit_notes c WHERE c.invoice_id = i.invoice_id), 0)""",
    "status differs from balance": "SELECT 1 FROM billing.invoices"
    " WHERE (status = 'paid') <> (total_minor = amount_paid_minor + amount_credited_minor)",
    "status differs from its time": """
        SELECT 1 FROM billing.invoices
        WHERE (status = 'draft') <> (opened_at IS NULL) OR (status = 'paid') <> (paid_at IS NOT NULL)
            OR (status = 'void') <> (voided_at IS NOT NULL)
            OR (status = 'uncollectible') <> (uncollectible_at IS NOT NULL) OR (opened_at IS NULL) <> (due_on IS NULL)
            OR opened_at < created_at OR least(paid_at, voided_at, uncollectible_at) < opened_at""",
    "visit invoiced before it was fulfilled, or twice": """
        SELECT 1 FROM billing.invoice_lines l JOIN scheduling.appointments a USING (appointment_id)
            JOIN billing.invoices i USING (invoice_id)
        WHERE i.created_at < a.fulfilled_at OR a.fulfilled_at IS NULL
        UNION ALL
        SELECT 1 FROM billing.invoice_lines GROUP BY appointment_id HAVING count(DISTINCT invoice_id) > 1""",
    "allocated more than paid, or of a failed payment": """
        SELECT 1 FROM billing.payments p JOIN billing.payment_allocations a USING (payment_id)
        WHERE a.amount_minor > p.amount_minor OR p.status <> 'succeeded'""",
    "failed payment that was received": "SELECT 1 FROM billing.payments"
    " WHERE (status = 'failed') <> (received_at IS NULL) OR (status = 'failed') <> (failure_code IS NOT NULL)",
    "refunded more than paid, or before": """
        SELECT 1 FROM billing.refunds r JOIN billing.payments p USING (payment_id)
        WHERE r.amount_minor > p.amount_minor OR refunded_at < received_at OR r.amount_minor <= 0""",
    "insurer's payment without remittance": """
        SELECT 1 FROM billing.payments p LEFT JOIN insurance.remittances r USING (payment_id)
            LEFT JOIN insurance.claims c USING (claim_id)
        WHERE (method = 'insurance') <> (r.remittance_id IS NOT NULL) OR r.paid_minor <> p.amount_minor
            OR (r.remittance_id IS NOT NULL AND (c.status <> 'paid' OR c.paid_minor <> p.amount_minor))""",
    "amount that three decimals do not allow": "SELECT 1 FROM billing.invoices"
    " WHERE currency = 'KWD' AND total_minor % 10 <> 0",
    "not in the currency of the clinic's country": """
        SELECT 1 FROM billing.invoices JOIN directory.clinics USING (clinic_id)
        WHERE currency <> (CASE country WHEN 'US' THEN 'USD' WHEN 'JP' THEN 'JPY' WHEN 'CA' THEN 'CAD' WHEN 'GB'
            THEN 'GBP' WHEN 'DE' THEN 'EUR' WHEN 'KW' THEN 'KWD' END)""",
}
CALENDAR_RULES = {
    "session that ends before it begins": "SELECT 1 FROM scheduling.provider_schedules"
    " WHERE ends_at <= starts_at AND ends_at <> '00:00'",
    "template valid for no time": "SELECT 1 FROM scheduling.provider_schedules WHERE valid_to <= valid_from",
    "closure or absence of no length": """
        SELECT 1 FROM directory.clinic_closures WHERE ends_at <= starts_at
        UNION ALL SELECT 1 FROM scheduling.schedule_exceptions WHERE ends_at <= starts_at""",
}
ALL_RULES = {**APPOINTMENT_RULES, **BILLING_RULES, **CALENDAR_RULES}
