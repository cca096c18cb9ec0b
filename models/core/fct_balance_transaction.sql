MODEL (
  name core.fct_balance_transaction,
  kind VIEW,
  owner analytics_engineering,
  grain balance_transaction_id,
  references (payout_id, source_id, currency),
  tags ('layer=core', 'fact=transaction', 'flow=sparse'),
  depends_on (core.dim_currency, core.fct_payout),
  audits (
    unique_values(columns := balance_transaction_id),
    not_null(columns := (balance_transaction_id, currency, amount_minor, fee_minor, net_minor, created_at)),
    referential_integrity(references := (payout_id = core.fct_payout, currency = core.dim_currency), blocking := FALSE),
    freshness(column := created_at, max_age_minutes := 14 * 24 * 60),
    null_share(
      columns := payout_id,
      max_share := 0.2,
      condition := created_at < DATEADD(DAY, -14, @execution_ts::TIMESTAMP),
      blocking := FALSE
    )
  ),
  description 'One row per movement of Northstar''s balance at Stripe: charges, refunds, disputes, fees, payouts and what reverses them.
Use it for: fees, and tying payouts to what they pay. Not for: amounts in the customer''s currency; it is the settlement currency.
A view over the audited log of Stripe, which is small.'
);

SELECT
  balance.balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction, natural key */
  balance.source_id::VARCHAR AS source_id, /* Charge, refund, dispute, payout ... that made it */
  held.payout_id::VARCHAR AS payout_id, /* Payout that holds it, NULL until the payout is reconciled */
  balance.currency::VARCHAR AS currency, /* ISO 4217 currency */
  balance.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  balance.available_at::TIMESTAMP AS available_at, /* When it becomes available for payouts, UTC */
  balance.transaction_type::VARCHAR AS transaction_type, /* Stripe's type */
  balance.reporting_category::VARCHAR AS reporting_category, /* Stripe's reporting category */
  balance.status::VARCHAR AS status, /* pending or available */
  balance.amount_minor::BIGINT AS amount_minor, /* Gross amount, minor units of the settlement currency */
  balance.fee_minor::BIGINT AS fee_minor, /* Fees, minor units */
  balance.net_minor::BIGINT AS net_minor, /* Amount less fees, minor units */
  balance.exchange_rate::DOUBLE AS exchange_rate, /* Units of the settlement currency for one of the presentment currency; NULL when they are one */
  balance.changed_at::TIMESTAMP AS changed_at /* When Stripe made the last change, UTC; of a listed one when it was listed */
FROM intermediate.int_platform__balance_transaction AS balance
LEFT JOIN intermediate.int_platform__payout_transaction AS held
  ON held.balance_transaction_id = balance.balance_transaction_id AND NOT held.is_deleted
WHERE
  NOT balance.is_deleted
