"""What comes days after: refunds of paid invoices, and claims that insurers deny."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from northstar.simulator.oltp import settlement as rules
from northstar.simulator.oltp.seed_insurance import DENIAL_CODES
from northstar.simulator.oltp.tick import Tick, instants, keys

_PAID = """
    SELECT i.invoice_id, i.created_at, total_minor, paid_at, i.currency, p.payment_id
    FROM billing.invoices i
        JOIN billing.payment_allocations a ON a.invoice_id = i.invoice_id
        JOIN billing.payments p ON p.payment_id = a.payment_id
    WHERE i.paid_at > %s AND i.paid_at <= %s
        AND NOT EXISTS (SELECT FROM billing.refunds r WHERE r.invoice_id = i.invoice_id)
    ORDER BY i.invoice_id
"""
_CLAIMS = """
    SELECT claim_id, invoice_id, submitted_at, billed_minor FROM insurance.claims
    WHERE status = 'submitted' AND submitted_at > %s AND submitted_at <= %s
    ORDER BY claim_id
"""


def plan(tick: Tick) -> None:
    """Plan the refunds and denials of this half hour."""
    for days in rules.REFUND_AFTER_DAYS:
        _refund(tick, timedelta(days=days))
    _deny(tick)


def _refund(tick: Tick, after: timedelta) -> None:
    """Refund invoices that were paid so long ago, if that is their fate."""
    rows = tick.rows(_PAID, [tick.start - after, tick.end - after])
    if not rows:
        return
    number, created, total, paid_at, currency, payment = zip(*rows, strict=True)
    key = keys(number)
    fates = rules.settle(tick.steady, key, instants(created), keys(total), np.zeros(len(key), dtype=bool))
    delay = np.asarray(fates.refunded_at - fates.first_at, dtype="timedelta64[us]")
    for n in np.flatnonzero(delay == np.timedelta64(after)):
        at = paid_at[n] + after
        reasons = ("duplicate", "service_not_rendered", "goodwill")
        reason = tick.steady.choice("refund reason", key[n : n + 1], reasons)[0]
        insert = "INSERT INTO billing.refunds VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        values = [payment[n], payment[n], number[n], currency[n], int(fates.refund_minor[n]), reason, at, at]
        tick.add(at, (insert, values))


def _deny(tick: Tick) -> None:
    after = timedelta(days=int(rules.DENIAL_AFTER / np.timedelta64(1, "D")))
    rows = tick.rows(_CLAIMS, [tick.start - after, tick.end - after])
    if not rows:
        return
    claim, invoice, submitted, billed = zip(*rows, strict=True)
    key = keys(invoice)
    fates = rules.settle(tick.steady, key, instants(submitted), keys(billed), np.ones(len(key), dtype=bool)).fate
    codes = tick.steady.choice("denial", key, DENIAL_CODES)
    for n in np.flatnonzero(fates != rules.SPLIT):
        at = submitted[n] + after
        update = ("UPDATE insurance.claims SET status = 'denied', denial_code = %s, adjudicated_at = %s,"
                  " updated_at = %s WHERE claim_id = %s")  # fmt: skip
        tick.add(at, (update, [codes[n], at, at, claim[n]]))
