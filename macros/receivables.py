"""Receivables: an invoice's dated movements, and the age at which its balance stands on each day."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

BUCKETS = ("not_due", "d1_30", "d31_60", "d61_90", "d90_plus")
"""By days past due, the youngest first."""
CROSSINGS = (1, 31, 61, 91)
"""Days past due on which a balance passes into the next bucket."""
KINDS = ("billed", "paid", "credited", "voided", "written_off", "recovered")


def crossing_days() -> str:
    """SQL of one row per day past due on which a balance passes into the next bucket."""
    return " UNION ALL ".join(f"SELECT {days} AS days_past_due" for days in CROSSINGS)


@macro()
def due_between(
    evaluator: MacroEvaluator,
    batch: exp.Expression,
    key: exp.Expression,
    due_on: exp.Expression,
    start: exp.Expression,
    end: exp.Expression,
) -> exp.Expression:
    """The invoices that may pass into another bucket because a day begins in the interval; none if no day does.

    Every version of the due date counts, also of invoices that are closed by now: what was open when the day began is
    for the difference to tell.
    """
    table, column, due = (one.sql(dialect="snowflake") for one in (batch, key, due_on))
    since, until = start.sql(dialect="snowflake"), end.sql(dialect="snowflake")
    last_day, this_day = (
        f"DATEADD(MICROSECOND, -1, CAST({since} AS TIMESTAMP))::DATE",
        f"CAST({until} AS TIMESTAMP)::DATE",
    )
    began = " OR ".join(
        f"({due} > DATEADD(DAY, -{days}, {last_day})::DATE AND {due} <= DATEADD(DAY, -{days}, {this_day})::DATE)"
        for days in CROSSINGS
    )
    return evaluator.parse_one(
        f"""
        SELECT DISTINCT {column} FROM {table}
        WHERE fault_rule IS NULL AND loaded_at <= {until} AND {last_day} < {this_day} AND ({began})
        """
    )


@macro()
def receivable_postings(
    evaluator: MacroEvaluator, party: exp.Expression, start: exp.Expression, end: exp.Expression
) -> exp.Expression:
    """Postings of touched invoices, from two CTEs that hold both sides of :func:`macros.postings.before_and_after`.

    ``invoice``: side, invoice_id, the party, currency, due_on, closed_at and closing_kind (voided or written_off).
    ``movement``: side, invoice_id, moved_at, entry_kind (billed, paid or credited) and amount_minor, signed.

    A closing takes away what is left just then.  What comes after it is offset by ``recovered``, so that the balance
    stays nought.  A balance passes into the next bucket on the days of ``CROSSINGS``, as far as the side has reached.
    """
    owner = party.sql(dialect="snowflake")
    since, until = start.sql(dialect="snowflake"), end.sql(dialect="snowflake")
    reached = f"IFF(side = 1, CAST({until} AS TIMESTAMP), DATEADD(MICROSECOND, -1, CAST({since} AS TIMESTAMP)))::DATE"
    past_due = "DATEADD(DAY, crossing.days_past_due, invoice.due_on)::DATE"
    by_kind = ", ".join(f"SUM(IFF(entry_kind = '{kind}', amount_minor, 0)) AS {kind}_minor" for kind in KINDS)
    steps = ", ".join(
        f"IFF(bucket_no = {number}, balance, 0) - IFF(bucket_before = {number}, balance - net_minor, 0) AS {name}_minor"
        for number, name in enumerate(BUCKETS)
    )
    measures = [f"{name}_minor" for name in (*KINDS, *BUCKETS)]
    differences = ", ".join(f"SUM(side * {name}) AS {name}" for name in measures)
    moved = " OR ".join(f"SUM(side * {name}) <> 0" for name in measures)
    return evaluator.parse_one(
        f"""
        WITH entry AS (
          SELECT side, invoice_id, moved_at::DATE AS entry_date, entry_kind, amount_minor FROM movement
          UNION ALL
          SELECT side, invoice_id, invoice.closed_at::DATE, invoice.closing_kind, -SUM(movement.amount_minor)
          FROM movement JOIN invoice USING (side, invoice_id)
          WHERE movement.moved_at <= invoice.closed_at
          GROUP BY side, invoice_id, invoice.closed_at, invoice.closing_kind
          UNION ALL
          SELECT side, invoice_id, movement.moved_at::DATE, 'recovered', -movement.amount_minor
          FROM movement JOIN invoice USING (side, invoice_id)
          WHERE movement.moved_at > invoice.closed_at
          UNION ALL
          SELECT side, invoice_id, {past_due}, 'crossing', 0
          FROM invoice CROSS JOIN ({crossing_days()}) AS crossing
          WHERE {past_due} <= {reached}
        ), dated AS (
          SELECT side, invoice_id, entry_date, {by_kind}, SUM(amount_minor) AS net_minor
          FROM entry
          GROUP BY side, invoice_id, entry_date
        ), stood AS (
          SELECT
            dated.*, invoice.{owner}, invoice.currency, invoice.due_on,
            SUM(net_minor) OVER (PARTITION BY side, invoice_id ORDER BY entry_date
              ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS balance,
            CASE
              WHEN entry_date <= invoice.due_on THEN 0
              ELSE LEAST(1 + FLOOR((DATEDIFF(DAY, invoice.due_on, entry_date) - 1) / 30), 4)
            END AS bucket_no
          FROM dated JOIN invoice USING (side, invoice_id)
        ), aged AS (
          SELECT stood.*, LAG(bucket_no) OVER (PARTITION BY side, invoice_id ORDER BY entry_date) AS bucket_before
          FROM stood
        ), step AS (
          SELECT aged.*, {steps} FROM aged
        )
        SELECT invoice_id, {owner}, currency, due_on, entry_date, {differences}
        FROM step
        GROUP BY invoice_id, {owner}, currency, due_on, entry_date
        HAVING {moved}
        """
    )
