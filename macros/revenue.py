"""Revenue: what an invoice adds to each day, billed and recognised."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator


@macro()
def revenue_postings(evaluator: MacroEvaluator, party: exp.Expression) -> exp.Expression:
    """Postings of touched invoices, from two CTEs that hold both sides of :func:`macros.postings.before_and_after`.

    ``invoice``: side, invoice_id, the party, currency and voided_on.
    ``movement``: side, invoice_id, revenue_date, billed_minor and recognised_minor.

    On the day that an invoice is voided, all that it had added to earlier days is taken back; it adds nothing from then
    on.
    """
    owner = party.sql(dialect="snowflake")
    return evaluator.parse_one(
        f"""
        WITH valid AS (
          SELECT movement.*, invoice.{owner}, invoice.currency, invoice.voided_on
          FROM movement JOIN invoice USING (side, invoice_id)
          WHERE invoice.voided_on IS NULL OR movement.revenue_date < invoice.voided_on
        ), booked AS (
          SELECT side, invoice_id, {owner}, currency, revenue_date, billed_minor, recognised_minor FROM valid
          UNION ALL
          SELECT side, invoice_id, {owner}, currency, voided_on, -billed_minor, -recognised_minor FROM valid
          WHERE voided_on IS NOT NULL
        )
        SELECT
          invoice_id, {owner}, currency, revenue_date,
          SUM(side * billed_minor) AS billed_minor,
          SUM(side * recognised_minor) AS recognised_minor
        FROM booked
        GROUP BY invoice_id, {owner}, currency, revenue_date
        HAVING SUM(side * billed_minor) <> 0 OR SUM(side * recognised_minor) <> 0
        """
    )


@macro()
def charge_cash(
    evaluator: MacroEvaluator,
    charge: exp.Expression,
    refund: exp.Expression,
    dispute: exp.Expression,
    disputes: exp.Expression,
    start: exp.Expression,
    end: exp.Expression,
) -> exp.Expression:
    """What came in by charges and went out by refunds and lost disputes, from three CTEs that hold both sides.

    A dispute counts from the instant that ``disputes``, the log of disputes, first told it lost, as each side knows it.
    One that was lost before it was first seen counts from its opening: its money left then, and Stripe does not say
    when it was closed.
    """
    since, until = start.sql(dialect="snowflake"), end.sql(dialect="snowflake")
    lost = " UNION ALL ".join(
        f"""
        SELECT {side} AS side, dispute_id, MIN(IFF(operation = 'R', created_at, committed_at)) AS lost_at
        FROM {disputes.sql(dialect="snowflake")}
        WHERE fault_rule IS NULL AND status = 'lost' AND {known}
        GROUP BY dispute_id
        """
        for side, known in ((-1, f"loaded_at < {since}"), (1, f"loaded_at <= {until}"))
    )
    return evaluator.parse_one(
        f"""
        SELECT side, charge_id, created_at AS moved_at, amount_minor AS received_minor, 0 AS returned_minor
        FROM {charge.name} WHERE status = 'succeeded'
        UNION ALL
        SELECT side, charge_id, created_at, 0, amount_minor
        FROM {refund.name} WHERE status = 'succeeded'
        UNION ALL
        SELECT side, dispute.charge_id, told.lost_at, 0, dispute.amount_minor
        FROM {dispute.name} AS dispute JOIN ({lost}) AS told USING (side, dispute_id)
        WHERE dispute.status = 'lost'
        """
    )


@macro()
def charge_sources(
    evaluator: MacroEvaluator, charge: exp.Expression, refund: exp.Expression, dispute: exp.Expression
) -> exp.Expression:
    """The charges, refunds and disputes of both sides as sources of balance transactions, with their charge."""
    return evaluator.parse_one(
        f"""
        SELECT side, charge_id AS source_id, charge_id FROM {charge.name}
        UNION ALL SELECT side, refund_id, charge_id FROM {refund.name}
        UNION ALL SELECT side, dispute_id, charge_id FROM {dispute.name}
        """
    )
