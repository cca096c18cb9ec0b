MODEL (
  name intermediate.int_platform__credit_note,
  kind VIEW,
  owner data_engineering,
  grain credit_note_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per credit note on an invoice in Stripe, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  credit_note_id::VARCHAR AS credit_note_id, /* Credit note, natural key */
  stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice that is reduced */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who was billed */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* issued or void */
  credit_note_type::VARCHAR AS credit_note_type, /* pre_payment, post_payment or mixed */
  reason_code::VARCHAR AS reason_code, /* Reason, as Stripe calls it */
  total_minor::BIGINT AS total_minor, /* Amount taken off, tax included, minor units */
  tax_minor::BIGINT AS tax_minor, /* Of that, tax, minor units */
  pre_payment_minor::BIGINT AS pre_payment_minor, /* Of that, taken off what was due, minor units */
  post_payment_minor::BIGINT AS post_payment_minor, /* Of that, given back after payment, minor units */
  issued_at::TIMESTAMP AS issued_at, /* When it was issued, UTC */
  voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__credit_note_change, credit_note_id)
)
