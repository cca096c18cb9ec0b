MODEL (
  name intermediate.int_receivables__@{stream}_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (@party, currency, as_of_date)
  ),
  owner data_engineering,
  clustered_by as_of_date,
  cron '@hourly',
  grain (@party, currency, as_of_date),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  blueprints ((stream := patient, party := account_id), (stream := platform, party := stripe_customer_id)),
  audits (
    unique_combination_of_columns(columns := (@party, currency, as_of_date)),
    rolls_forward(
      key := (@party, currency),
      period := as_of_date,
      opening := opening_minor,
      movement := billed_minor - paid_minor - credited_minor - voided_minor - written_off_minor + recovered_minor,
      closing := closing_minor
    ),
    buckets_equal_balance
  ),
  description 'One row per billing party, currency and day from its first movement to the last day begun: the balance before and after the
day, its movements and its age. Use it for: its namesake in core. Not for: analysis before its audits have passed.
Recomputed from the first touched day on: the cost is the days since the oldest change of each touched party, and a row per
party when a day begins.'
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
), moved AS (
  /* All that came before the first touched day is taken together on the day before it */
  SELECT
    touched.party,
    touched.currency,
    GREATEST(movement.entry_date, DATEADD(DAY, -1, touched.first_date)::DATE) AS as_of_date,
    @EACH(
      [billed, paid, credited, voided, written_off, recovered, not_due, d1_30, d31_60, d61_90, d90_plus, unapplied],
      x -> SUM(movement.@{x}_minor) AS @{x}_minor
    )
  FROM touched
  JOIN intermediate.int_receivables__@{stream}_movement AS movement
    ON movement.@party = touched.party AND movement.currency = touched.currency
  GROUP BY
    touched.party,
    touched.currency,
    GREATEST(movement.entry_date, DATEADD(DAY, -1, touched.first_date)::DATE)
), stood AS (
  SELECT
    touched.party,
    touched.currency,
    touched.first_date,
    day.calendar_date AS as_of_date,
    @EACH([billed, paid, credited, voided, written_off, recovered], x -> COALESCE(moved.@{x}_minor, 0) AS @{x}_minor),
    @EACH(
      [billed, paid, credited, voided, written_off, recovered, not_due, d1_30, d31_60, d61_90, d90_plus, unapplied],
      x -> COALESCE(SUM(moved.@{x}_minor) OVER (PARTITION BY touched.party, touched.currency ORDER BY day.calendar_date), 0) AS @{x}_so_far
    )
  FROM touched
  JOIN reference.calendar_date AS day
    ON day.calendar_date BETWEEN DATEADD(DAY, -1, touched.first_date)::DATE AND @end_ts::DATE
  LEFT JOIN moved
    ON moved.party = touched.party AND moved.currency = touched.currency AND moved.as_of_date = day.calendar_date
), closed AS (
  SELECT
    stood.*,
    billed_so_far + paid_so_far + credited_so_far + voided_so_far + written_off_so_far + recovered_so_far AS closing_minor
  FROM stood
)
SELECT
  party AS @party, /* Who bills (account) or is billed (Stripe customer) */
  currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  as_of_date::DATE AS as_of_date, /* UTC day */
  (
    closing_minor - billed_minor - paid_minor - credited_minor - voided_minor - written_off_minor - recovered_minor
  )::BIGINT AS opening_minor, /* Open balance before the day, minor units */
  billed_minor::BIGINT AS billed_minor, /* Billed that day, tax included */
  -paid_minor::BIGINT AS paid_minor, /* Paid that day */
  -credited_minor::BIGINT AS credited_minor, /* Credited that day */
  -voided_minor::BIGINT AS voided_minor, /* Voided that day */
  -written_off_minor::BIGINT AS written_off_minor, /* Given up as bad debt that day */
  recovered_minor::BIGINT AS recovered_minor, /* Of what was paid or credited that day, for invoices closed before */
  closing_minor::BIGINT AS closing_minor, /* Open balance at the end of the day */
  not_due_so_far::BIGINT AS not_due_minor, /* Of it not past due */
  d1_30_so_far::BIGINT AS d1_30_minor, /* Of it 1 to 30 days past due */
  d31_60_so_far::BIGINT AS d31_60_minor, /* Of it 31 to 60 days past due */
  d61_90_so_far::BIGINT AS d61_90_minor, /* Of it 61 to 90 days past due */
  d90_plus_so_far::BIGINT AS d90_plus_minor, /* Of it more than 90 days past due */
  unapplied_so_far::BIGINT AS unapplied_minor /* Payments received until then, not applied to invoices; no part of the balance */
FROM closed
WHERE
  as_of_date >= first_date
