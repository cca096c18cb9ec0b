MODEL (
  name intermediate.int_platform__invoice_line_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (invoice_line_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (invoice_line_id, commit_lsn, commit_seq)),
    not_null(columns := (invoice_line_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a line of an invoice in Stripe, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.invoice_line_id::VARCHAR AS invoice_line_id, /* Line, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice that it is a line of */
  arrived.subscription_id::VARCHAR AS subscription_id, /* Subscription that is billed */
  arrived.subscription_item_id::VARCHAR AS subscription_item_id, /* Item of the subscription that is billed */
  arrived.price_id::VARCHAR AS price_id, /* Price */
  arrived.product_id::VARCHAR AS product_id, /* Product */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency */
  arrived.quantity::BIGINT AS quantity, /* Units billed */
  arrived.unit_amount_minor::DECIMAL(38, 12) AS unit_amount_minor, /* Price of one unit, minor units, with decimals */
  arrived.amount_minor::BIGINT AS amount_minor, /* Amount before discounts and tax, minor units; negative for unused time given back */
  arrived.discount_minor::BIGINT AS discount_minor, /* Discounts, minor units */
  arrived.tax_minor::BIGINT AS tax_minor, /* Taxes, minor units */
  arrived.is_proration::BOOLEAN AS is_proration, /* Whether it bills a part of a period after a change */
  arrived.period_starts_at::TIMESTAMP AS period_starts_at, /* First instant of the service period, UTC */
  arrived.period_ends_at::TIMESTAMP AS period_ends_at, /* End of the service period, exclusive, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN stripe_invoice_id IS NULL
    THEN 'missing_key'
    WHEN known.currency IS NULL
    THEN 'unknown_currency'
    WHEN amount_minor IS NULL
    THEN 'missing_amount'
    WHEN period_starts_at IS NULL OR period_ends_at IS NULL
    THEN 'missing_time'
    WHEN period_ends_at < period_starts_at
    THEN 'ends_before_start'
    WHEN @implausible((period_starts_at, period_ends_at), committed_at)
    THEN 'implausible_date'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__invoice_line AS arrived
LEFT JOIN reference.currency AS known
  ON known.currency = arrived.currency
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
