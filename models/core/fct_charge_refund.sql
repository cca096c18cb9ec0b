MODEL (
  name core.fct_charge_refund,
  kind VIEW,
  owner analytics_engineering,
  grain refund_id,
  references (charge_id, stripe_customer_id, balance_transaction_id, currency),
  tags ('layer=core', 'fact=transaction', 'flow=sparse'),
  depends_on (core.dim_currency, core.fct_balance_transaction, core.fct_charge),
  audits (
    unique_values(columns := refund_id),
    not_null(columns := (refund_id, charge_id, currency, amount_minor, created_at)),
    referential_integrity(references := (charge_id = core.fct_charge, currency = core.dim_currency)),
    referential_integrity(references := (
      balance_transaction_id = core.fct_balance_transaction
    ), blocking := FALSE),
    null_share(columns := (stripe_customer_id, balance_transaction_id), max_share := 0.2, blocking := FALSE)
  ),
  description 'One row per refund of a charge.
Use it for: cash given back, by created_at (status succeeded). Not for: disputes (fct_dispute).
A view over the audited log of Stripe, which is small.'
);

SELECT
  refund.refund_id::VARCHAR AS refund_id, /* Refund, natural key */
  refund.charge_id::VARCHAR AS charge_id, /* Charge that is given back */
  refund.balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction that it made */
  charge.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who was charged */
  refund.currency::VARCHAR AS currency, /* ISO 4217 currency */
  refund.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  refund.status::VARCHAR AS status, /* pending, requires_action, succeeded, failed or canceled */
  refund.reason_code::VARCHAR AS reason_code, /* Reason, as Stripe calls it */
  refund.amount_minor::BIGINT AS amount_minor, /* Amount, minor units */
  refund.changed_at::TIMESTAMP AS changed_at /* When Stripe made the last change, UTC; of a listed one when it was listed */
FROM intermediate.int_platform__refund AS refund
LEFT JOIN intermediate.int_platform__charge AS charge
  USING (charge_id)
WHERE
  NOT refund.is_deleted
