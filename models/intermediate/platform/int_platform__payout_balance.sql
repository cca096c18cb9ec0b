MODEL (
  name intermediate.int_platform__payout_balance,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key payout_id
  ),
  cron '@hourly',
  owner data_engineering,
  grain payout_id,
  references (
    currency
  ),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  audits (unique_values(columns := payout_id), not_null(columns := (payout_id, currency, amount_minor)), payout_balances),
  description 'One row per payout: its amount beside what the balance transactions that it holds add up to, by category.
Use it for: core.fct_payout_balance. Not for: analysis before its audits have passed. Recomputed for payouts of which, or of
whose transactions, something was told: their number.'
);

WITH touched AS (
  SELECT
    payout_id
  FROM intermediate.int_platform__payout_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    known.payout_id
  FROM intermediate.int_platform__payout_transaction_change AS told
  JOIN intermediate.int_platform__payout_transaction_change AS known
    USING (balance_transaction_id)
  WHERE
    told.loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    known.payout_id
  FROM intermediate.int_platform__balance_transaction_change AS told
  JOIN intermediate.int_platform__payout_transaction_change AS known
    USING (balance_transaction_id)
  WHERE
    told.loaded_at BETWEEN @start_ts AND @end_ts
), held AS (
  SELECT
    held.payout_id,
    held.balance_transaction_id,
    balance.reporting_category,
    balance.currency,
    balance.amount_minor,
    balance.fee_minor,
    balance.net_minor
  FROM intermediate.int_platform__payout_transaction AS held
  LEFT JOIN intermediate.int_platform__balance_transaction AS balance
    USING (balance_transaction_id)
  WHERE
    NOT held.is_deleted AND COALESCE(balance.reporting_category, '') <> 'payout'
)
SELECT
  payout.payout_id::VARCHAR AS payout_id, /* Payout, natural key */
  payout.currency::VARCHAR AS currency, /* ISO 4217 currency of the balance */
  payout.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  payout.arrives_at::TIMESTAMP AS arrives_at, /* When it is to arrive at the bank, UTC */
  payout.status::VARCHAR AS status, /* pending, in_transit, paid, failed or canceled */
  payout.failure_code::VARCHAR AS failure_code, /* Why it failed */
  payout.is_automatic::BOOLEAN AS is_automatic, /* Whether Stripe made it by schedule; only these tell their transactions */
  payout.reconciliation_status::VARCHAR AS reconciliation_status, /* not_applicable, in_progress or completed */
  payout.amount_minor::BIGINT AS amount_minor, /* Amount of the payout, minor units */
  COUNT(held.balance_transaction_id)::BIGINT AS transaction_count, /* Transactions that it holds, itself left out */
  COALESCE(SUM(IFF(held.reporting_category IN ('charge', 'payment'), held.amount_minor, 0)), 0)::BIGINT AS charge_minor, /* Charges, gross, minor units */
  COALESCE(SUM(IFF(held.reporting_category IN ('refund', 'payment_refund'), held.amount_minor, 0)), 0)::BIGINT AS refund_minor, /* Refunds, negative, minor units */
  COALESCE(SUM(IFF(held.reporting_category IN ('dispute', 'dispute_reversal'), held.amount_minor, 0)), 0)::BIGINT AS dispute_minor, /* Disputes and what came back of them, minor units */
  COALESCE(SUM(IFF(held.reporting_category IN ('payout_reversal', 'payout_failure'), held.amount_minor, 0)), 0)::BIGINT AS returned_payout_minor, /* Earlier payouts that came back, minor units */
  COALESCE(SUM(held.net_minor + held.fee_minor), 0)::BIGINT AS gross_minor, /* All categories, gross, minor units */
  COALESCE(SUM(held.fee_minor), 0)::BIGINT AS fee_minor, /* Fees of all of them, minor units */
  COUNT_IF(held.currency <> payout.currency)::BIGINT AS foreign_currency_count, /* Transactions in another currency */
  COUNT_IF(NOT held.payout_id IS NULL AND held.net_minor IS NULL)::BIGINT AS unknown_count, /* Transactions that are not in the balance, or in quarantine */
  @end_ts::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM intermediate.int_platform__payout AS payout
JOIN touched
  USING (payout_id)
LEFT JOIN held
  ON held.payout_id = payout.payout_id
GROUP BY ALL
