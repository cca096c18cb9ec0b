MODEL (
  name core.fct_receivable_entry,
  kind VIEW,
  owner analytics_engineering,
  cron '@hourly',
  grain (revenue_stream, invoice_id, entry_kind, entry_date),
  references (account_id, stripe_customer_id, currency),
  tags ('layer=core', 'zone=restricted', 'fact=transaction', 'flow=follows'),
  signals (
    parents_due()
  ),
  depends_on (
    core.dim_currency
  ),
  audits (
    unique_combination_of_columns(
      columns := (revenue_stream, invoice_id, entry_kind, entry_date),
      condition := entry_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE
    ),
    not_null(columns := entry_date),
    not_null(
      columns := (revenue_stream, invoice_id, entry_kind, currency, due_on, amount_minor),
      condition := entry_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE
    ),
    accepted_values(
      column := entry_kind,
      is_in := ('billed', 'paid', 'credited', 'voided', 'written_off', 'recovered'),
      condition := entry_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE
    ),
    referential_integrity(
      references := (
        currency = core.dim_currency
      ),
      condition := entry_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE
    )
  ),
  description 'One row per invoice, kind and day of a movement of its open balance: a transaction fact. The entries of an invoice
up to a day sum up to its balance at the end of that day. Use it for: what was owed as of any day, and why. Not for: revenue
(tax is included); balances of many invoices by day (fct_receivable_day). A payment or credit note for an invoice that was
closed before is offset by an entry recovered. A view over audited postings: the cost of a look at one invoice is its postings.'
);

WITH booked AS (
  SELECT
    'patient' AS revenue_stream,
    invoice_id::VARCHAR AS invoice_id,
    account_id,
    NULL::VARCHAR AS stripe_customer_id,
    currency,
    due_on,
    entry_date,
    @EACH([billed, paid, credited, voided, written_off, recovered], x -> SUM(@{x}_minor) AS @{x}_minor)
  FROM intermediate.int_receivables__patient_posting
  WHERE
    posted_at <= @audited_through(intermediate.int_receivables__patient_posting)
  GROUP BY
    invoice_id,
    account_id,
    currency,
    due_on,
    entry_date
  UNION ALL
  SELECT
    'platform',
    stripe_invoice_id,
    NULL,
    stripe_customer_id,
    currency,
    due_on,
    entry_date,
    @EACH([billed, paid, credited, voided, written_off, recovered], x -> SUM(@{x}_minor) AS @{x}_minor)
  FROM intermediate.int_receivables__platform_posting
  WHERE
    posted_at <= @audited_through(intermediate.int_receivables__platform_posting)
  GROUP BY
    stripe_invoice_id,
    stripe_customer_id,
    currency,
    due_on,
    entry_date
), entry AS (
  SELECT
    booked.*,
    kind.entry_kind,
    CASE kind.entry_kind
      WHEN 'billed'
      THEN billed_minor
      WHEN 'paid'
      THEN paid_minor
      WHEN 'credited'
      THEN credited_minor
      WHEN 'voided'
      THEN voided_minor
      WHEN 'written_off'
      THEN written_off_minor
      WHEN 'recovered'
      THEN recovered_minor
    END AS amount_minor
  FROM booked
  CROSS JOIN (
    SELECT
      'billed' AS entry_kind
    UNION ALL
    SELECT
      'paid'
    UNION ALL
    SELECT
      'credited'
    UNION ALL
    SELECT
      'voided'
    UNION ALL
    SELECT
      'written_off'
    UNION ALL
    SELECT
      'recovered'
  ) AS kind
)
SELECT
  revenue_stream::VARCHAR AS revenue_stream, /* patient: clinics bill their patients; platform: Northstar bills its customers */
  invoice_id::VARCHAR AS invoice_id, /* Invoice of the app, or of Stripe */
  entry_kind::VARCHAR AS entry_kind, /* billed, paid, credited, voided, written_off or recovered */
  entry_date::DATE AS entry_date, /* UTC day */
  account_id::BIGINT AS account_id, /* Account that bills its patients; NULL in the platform stream */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer whom Northstar bills; NULL in the patient stream */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the amount */
  due_on::DATE AS due_on, /* Day by which the invoice is to be paid */
  amount_minor::BIGINT AS amount_minor /* What it adds to the open balance, tax included, minor units */
FROM entry
WHERE
  amount_minor <> 0
