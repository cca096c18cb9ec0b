MODEL (
  name core.fct_charge,
  kind VIEW,
  owner analytics_engineering,
  grain charge_id,
  references (stripe_customer_id, balance_transaction_id, currency),
  tags ('layer=core', 'fact=transaction', 'flow=sparse'),
  depends_on (core.dim_currency, core.dim_stripe_customer, core.fct_balance_transaction),
  audits (
    unique_values(columns := charge_id),
    not_null(columns := (charge_id, currency, status, amount_minor, created_at)),
    accepted_values(column := status, is_in := ('succeeded', 'pending', 'failed')),
    referential_integrity(references := (stripe_customer_id = core.dim_stripe_customer, currency = core.dim_currency)),
    referential_integrity(references := (
      balance_transaction_id = core.fct_balance_transaction
    ), blocking := FALSE),
    not_null(columns := (stripe_customer_id, balance_transaction_id), condition := status = 'succeeded', blocking := FALSE)
  ),
  description 'One row per charge: one try to collect money from a customer of Northstar, successful or not.
Use it for: collected cash by created_at (status succeeded), failed payments. Not for: invoices paid by wire, which make no charge.
A view over the audited log of Stripe, which is small.'
);

SELECT
  charge.charge_id::VARCHAR AS charge_id, /* Charge, natural key */
  charge.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who is charged */
  charge.payment_intent_id::VARCHAR AS payment_intent_id, /* Payment intent that it is a try of */
  charge.balance_transaction_id::VARCHAR AS balance_transaction_id, /* Balance transaction that it made, NULL when it failed */
  charge.currency::VARCHAR AS currency, /* ISO 4217 currency */
  charge.created_at::TIMESTAMP AS created_at, /* When it was tried, UTC */
  charge.status::VARCHAR AS status, /* succeeded, pending or failed */
  charge.failure_code::VARCHAR AS failure_code, /* Why it failed */
  charge.payment_method_type::VARCHAR AS payment_method_type, /* card ... */
  charge.is_disputed::BOOLEAN AS is_disputed, /* Whether it was ever disputed */
  charge.amount_minor::BIGINT AS amount_minor, /* Amount, minor units */
  charge.captured_minor::BIGINT AS captured_minor, /* Captured of it, minor units */
  charge.refunded_minor::BIGINT AS refunded_minor, /* Given back of it, minor units */
  charge.changed_at::TIMESTAMP AS changed_at /* When Stripe made the last change, UTC; of a listed one when it was listed */
FROM intermediate.int_platform__charge AS charge
WHERE
  NOT charge.is_deleted
