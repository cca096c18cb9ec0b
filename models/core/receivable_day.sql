MODEL (
  name core.fct_@{stream}_receivable_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (@party, currency, as_of_date)
  ),
  owner analytics_engineering,
  clustered_by as_of_date,
  cron '@hourly',
  grain (@party, currency, as_of_date),
  references (@party, currency),
  tags ('layer=core', 'fact=periodic_snapshot'),
  signals (
    parents_due()
  ),
  blueprints ((stream := patient, party := account_id), (stream := platform, party := stripe_customer_id)),
  depends_on (
    core.dim_currency
  ),
  audits (
    unique_combination_of_columns(columns := (@party, currency, as_of_date)),
    not_null(columns := (@party, currency, as_of_date, closing_minor)),
    referential_integrity(references := (
      currency = core.dim_currency
    ))
  ),
  description 'One row per billing party, currency and day, a periodic snapshot of one stream: balance, movements and age.
Use it for: core.fct_receivable_day, which has both streams. Not for: reports.
Published from an intermediate model of the same grain once its audits have passed; only touched days are written.'
);

WITH touched AS (
  SELECT
    @party AS party,
    currency,
    MIN(first_date) AS first_date
  FROM intermediate.int_receivables__@{stream}_touched
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
  GROUP BY
    @party,
    currency
)
SELECT
  day.@party AS @party, /* Who bills (account) or is billed (Stripe customer) */
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
FROM touched
JOIN intermediate.int_receivables__@{stream}_day AS day
  ON day.@party = touched.party AND day.currency = touched.currency AND day.as_of_date >= touched.first_date
