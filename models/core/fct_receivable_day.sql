MODEL (
  name core.fct_receivable_day,
  kind VIEW,
  owner analytics_engineering,
  cron '@hourly',
  grain (revenue_stream, account_id, stripe_customer_id, currency, as_of_date),
  references (account_id, stripe_customer_id, currency),
  tags ('layer=core', 'fact=periodic_snapshot'),
  signals (
    parents_due()
  ),
  audits (
    unique_combination_of_columns(columns := (revenue_stream, account_id, stripe_customer_id, currency, as_of_date)),
    not_null(columns := (revenue_stream, currency, as_of_date, closing_minor)),
    accepted_values(column := revenue_stream, is_in := ('patient', 'platform')),
    buckets_equal_balance
  ),
  description 'One row per stream, billing party, currency and day from its first entry on, a periodic snapshot: the open balance
before and after the day, its movements and its age. Use it for: receivables as of any day, and what moved them. Not for: adding
balances over days, or streams or currencies; reports (mart_receivable_ageing). Amounts include tax.
A view over one table per stream, each of its own source.'
);

WITH day AS (
  SELECT
    'patient' AS revenue_stream,
    account_id,
    NULL::VARCHAR AS stripe_customer_id,
    account_id::VARCHAR AS party,
    currency,
    as_of_date,
    @EACH(
      [
        opening,
        billed,
        paid,
        credited,
        voided,
        written_off,
        recovered,
        closing,
        not_due,
        d1_30,
        d31_60,
        d61_90,
        d90_plus,
        unapplied
      ],
      x -> @{x}_minor
    )
  FROM core.fct_patient_receivable_day
  UNION ALL
  SELECT
    'platform',
    NULL,
    stripe_customer_id,
    stripe_customer_id,
    currency,
    as_of_date,
    @EACH(
      [
        opening,
        billed,
        paid,
        credited,
        voided,
        written_off,
        recovered,
        closing,
        not_due,
        d1_30,
        d31_60,
        d61_90,
        d90_plus,
        unapplied
      ],
      x -> @{x}_minor
    )
  FROM core.fct_platform_receivable_day
), first_entry AS (
  SELECT
    revenue_stream,
    party,
    currency,
    MIN(as_of_date) AS as_of_date
  FROM day
  WHERE
    @OR(@EACH([billed, paid, credited, recovered, closing, unapplied], x -> @{x}_minor <> 0))
  GROUP BY
    revenue_stream,
    party,
    currency
)
SELECT
  day.revenue_stream::VARCHAR AS revenue_stream, /* patient: clinics bill their patients; platform: Northstar bills its customers */
  day.account_id::BIGINT AS account_id, /* Account that bills its patients; NULL in the platform stream */
  day.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer whom Northstar bills; NULL in the patient stream */
  day.currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  day.as_of_date::DATE AS as_of_date, /* UTC day */
  day.opening_minor::BIGINT AS opening_minor, /* Open balance before the day, minor units */
  day.billed_minor::BIGINT AS billed_minor, /* Billed that day, tax included */
  day.paid_minor::BIGINT AS paid_minor, /* Paid that day */
  day.credited_minor::BIGINT AS credited_minor, /* Credited that day */
  day.voided_minor::BIGINT AS voided_minor, /* Voided that day */
  day.written_off_minor::BIGINT AS written_off_minor, /* Given up as bad debt that day */
  day.recovered_minor::BIGINT AS recovered_minor, /* Of what was paid or credited that day, for invoices closed before */
  day.closing_minor::BIGINT AS closing_minor, /* Open balance at the end of the day */
  day.not_due_minor::BIGINT AS not_due_minor, /* Of it not past due */
  day.d1_30_minor::BIGINT AS d1_30_minor, /* Of it 1 to 30 days past due */
  day.d31_60_minor::BIGINT AS d31_60_minor, /* Of it 31 to 60 days past due */
  day.d61_90_minor::BIGINT AS d61_90_minor, /* Of it 61 to 90 days past due */
  day.d90_plus_minor::BIGINT AS d90_plus_minor, /* Of it more than 90 days past due */
  day.unapplied_minor::BIGINT AS unapplied_minor /* Payments received until then, not applied to invoices; no part of the balance */
FROM day
JOIN first_entry
  ON first_entry.revenue_stream = day.revenue_stream
  AND first_entry.party = day.party
  AND first_entry.currency = day.currency
  AND first_entry.as_of_date <= day.as_of_date
