MODEL (
  name core.fct_subscription_credit_note,
  kind VIEW,
  owner analytics_engineering,
  grain credit_note_id,
  references (stripe_invoice_id, stripe_customer_id, currency),
  tags ('layer=core', 'fact=transaction', 'flow=sparse'),
  depends_on (core.dim_currency, core.fct_subscription_invoice),
  audits (
    unique_values(columns := credit_note_id),
    not_null(columns := (credit_note_id, stripe_invoice_id, currency, total_minor, issued_at)),
    referential_integrity(references := (stripe_invoice_id = core.fct_subscription_invoice, currency = core.dim_currency))
  ),
  description 'One row per credit note on an invoice in Stripe.
Use it for: what was billed and then taken off, by issued_at. Not for: void ones (status).
A view over the audited log of Stripe, which is small.'
);

SELECT
  credit_note.credit_note_id::VARCHAR AS credit_note_id, /* Credit note, natural key */
  credit_note.stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice that is reduced */
  credit_note.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who was billed */
  credit_note.currency::VARCHAR AS currency, /* ISO 4217 currency */
  credit_note.issued_at::TIMESTAMP AS issued_at, /* When it was issued, UTC */
  credit_note.voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  credit_note.status::VARCHAR AS status, /* issued or void */
  credit_note.credit_note_type::VARCHAR AS credit_note_type, /* pre_payment, post_payment or mixed */
  credit_note.reason_code::VARCHAR AS reason_code, /* Reason, as Stripe calls it */
  credit_note.total_minor::BIGINT AS total_minor, /* Amount taken off, tax included, minor units */
  credit_note.tax_minor::BIGINT AS tax_minor, /* Of that, tax, minor units */
  credit_note.pre_payment_minor::BIGINT AS pre_payment_minor, /* Of that, taken off what was due, minor units */
  credit_note.post_payment_minor::BIGINT AS post_payment_minor, /* Of that, given back after payment, minor units */
  credit_note.changed_at::TIMESTAMP AS changed_at /* When Stripe made the last change, UTC; of a listed one when it was listed */
FROM intermediate.int_platform__credit_note AS credit_note
WHERE
  NOT credit_note.is_deleted
