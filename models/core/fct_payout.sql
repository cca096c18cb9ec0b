MODEL (
  name core.fct_payout,
  kind VIEW,
  owner analytics_engineering,
  grain payout_id,
  references (balance_transaction_id, currency),
  tags ('layer=core', 'fact=accumulating_snapshot', 'flow=sparse'),
  depends_on (core.dim_currency, intermediate.int_platform__balance_transaction),
  audits (
    unique_values(columns := payout_id),
    not_null(columns := (payout_id, currency, status, amount_minor, created_at)),
    referential_integrity(
      references := (balance_transaction_id = intermediate.int_platform__balance_transaction, currency = core.dim_currency),
      blocking := FALSE
    ),
    null_share(columns := balance_transaction_id, max_share := 0.2, blocking := FALSE)
  ),
  description 'One row per payout from the balance at Stripe to the bank, an accumulating snapshot.
Use it for: money that reached the bank, by arrives_at (status paid). Not for: what a payout consists of (fct_balance_transaction).
A view over the audited log of Stripe, which is small.'
);

SELECT
  payout.payout_id::VARCHAR AS payout_id, /* Payout, natural key */
  payout.balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction that it made */
  payout.failure_balance_transaction_id::VARCHAR AS failure_balance_transaction_id, /* Balance transaction by which it came back */
  payout.currency::VARCHAR AS currency, /* ISO 4217 currency */
  payout.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  payout.arrives_at::TIMESTAMP AS arrives_at, /* When it is to arrive at the bank, UTC */
  payout.status::VARCHAR AS status, /* pending, in_transit, paid, failed or canceled */
  payout.failure_code::VARCHAR AS failure_code, /* Why it failed */
  payout.is_automatic::BOOLEAN AS is_automatic, /* Whether Stripe made it by schedule; only these tell their transactions */
  payout.reconciliation_status::VARCHAR AS reconciliation_status, /* not_applicable, in_progress or completed */
  payout.amount_minor::BIGINT AS amount_minor, /* Amount, minor units */
  payout.changed_at::TIMESTAMP AS changed_at /* When Stripe made the last change, UTC; of a listed one when it was listed */
FROM intermediate.int_platform__payout AS payout
WHERE
  NOT payout.is_deleted
