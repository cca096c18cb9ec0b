MODEL (
  name core.fct_payout_balance,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key payout_id
  ),
  cron '@hourly',
  owner analytics_engineering,
  grain payout_id,
  references (
    currency
  ),
  tags ('layer=core', 'fact=accumulating_snapshot', 'flow=follows'),
  depends_on (core.dim_currency, core.fct_payout),
  signals (
    parents_due()
  ),
  audits (
    unique_values(columns := payout_id),
    not_null(columns := (payout_id, currency, amount_minor)),
    referential_integrity(references := (payout_id = core.fct_payout, currency = core.dim_currency))
  ),
  description 'One row per payout with what it consists of, by category. Use it for: tying the bank to the balance to the cent.
Not for: the single transactions (fct_balance_transaction). Merged for touched payouts after the audit that they balance has passed.'
);

SELECT
  payout_id::VARCHAR AS payout_id, /* Payout, natural key */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the balance */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  arrives_at::TIMESTAMP AS arrives_at, /* When it is to arrive at the bank, UTC */
  status::VARCHAR AS status, /* pending, in_transit, paid, failed or canceled */
  failure_code::VARCHAR AS failure_code, /* Why it failed */
  is_automatic::BOOLEAN AS is_automatic, /* Whether Stripe made it by schedule; only these tell their transactions */
  reconciliation_status::VARCHAR AS reconciliation_status, /* not_applicable, in_progress or completed */
  amount_minor::BIGINT AS amount_minor, /* Amount of the payout, minor units */
  transaction_count::BIGINT AS transaction_count, /* Transactions that it holds, itself left out */
  charge_minor::BIGINT AS charge_minor, /* Charges, gross, minor units */
  refund_minor::BIGINT AS refund_minor, /* Refunds, negative, minor units */
  dispute_minor::BIGINT AS dispute_minor, /* Disputes and what came back of them, minor units */
  returned_payout_minor::BIGINT AS returned_payout_minor, /* Earlier payouts that came back, minor units */
  (
    gross_minor - charge_minor - refund_minor - dispute_minor - returned_payout_minor
  )::BIGINT AS other_minor, /* All other categories, minor units */
  fee_minor::BIGINT AS fee_minor, /* Fees of all of them, minor units */
  settled_at::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM intermediate.int_platform__payout_balance
WHERE
  settled_at BETWEEN @start_ts AND @end_ts
