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
