MODEL (
  name core.fct_subscription_invoice_payment,
  kind VIEW,
  owner analytics_engineering,
  grain invoice_payment_id,
  references (stripe_invoice_id, charge_id, currency),
  tags ('layer=core', 'fact=transaction', 'flow=follows'),
  depends_on (core.dim_currency, core.fct_charge, core.fct_subscription_invoice),
  audits (
    unique_values(columns := invoice_payment_id),
    not_null(columns := (invoice_payment_id, stripe_invoice_id, currency, status)),
    referential_integrity(
      references := (stripe_invoice_id = core.fct_subscription_invoice, charge_id = core.fct_charge, currency = core.dim_currency),
      blocking := FALSE
    ),
    null_share(columns := charge_id, max_share := 0.2, blocking := FALSE)
  ),
  description 'One row per payment of an invoice through Stripe: which charge paid which invoice. Use it for: following money from an
invoice to the payout that holds its charge. Not for: invoices paid by wire, which have none.
A view over the audited log of Stripe, which is small.'
);

SELECT
  payment.invoice_payment_id::VARCHAR AS invoice_payment_id, /* Invoice payment, natural key */
  payment.stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice that is paid */
  COALESCE(payment.charge_id, charge.charge_id)::VARCHAR AS charge_id, /* Charge that paid it; NULL while none has */
  payment.currency::VARCHAR AS currency, /* ISO 4217 currency */
  payment.paid_at::TIMESTAMP AS paid_at, /* When it was paid, UTC */
  payment.status::VARCHAR AS status, /* open, paid or canceled */
  payment.amount_minor::BIGINT AS amount_minor, /* Amount paid, minor units */
  payment.changed_at::TIMESTAMP AS changed_at /* When Stripe made the last change, UTC; of a listed one when it was listed */
FROM intermediate.int_platform__invoice_payment AS payment
LEFT JOIN (
  SELECT
    payment_intent_id,
    MAX(charge_id) AS charge_id
  FROM intermediate.int_platform__charge
  WHERE
    status = 'succeeded' AND NOT is_deleted
  GROUP BY
    payment_intent_id
) AS charge
  ON charge.payment_intent_id = payment.payment_intent_id
WHERE
  NOT payment.is_deleted
