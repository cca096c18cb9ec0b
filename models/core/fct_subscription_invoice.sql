MODEL (
  name core.fct_subscription_invoice,
  kind VIEW,
  owner analytics_engineering,
  grain stripe_invoice_id,
  references (stripe_customer_id, subscription_id, currency),
  tags ('layer=core', 'fact=accumulating_snapshot', 'flow=sparse'),
  depends_on (core.dim_currency, core.dim_stripe_customer, core.fct_subscription, core.fct_subscription_invoice_line),
  audits (
    unique_values(columns := stripe_invoice_id),
    not_null(columns := (stripe_invoice_id, stripe_customer_id, currency, status, total_minor, due_minor)),
    accepted_values(column := status, is_in := ('draft', 'open', 'paid', 'uncollectible', 'void')),
    referential_integrity(references := (stripe_customer_id = core.dim_stripe_customer, currency = core.dim_currency)),
    referential_integrity(references := (
      subscription_id = core.fct_subscription
    ), blocking := FALSE),
    lines_sum_to_header(
      lines := core.fct_subscription_invoice_line,
      key := stripe_invoice_id,
      amount := subtotal_minor,
      line_amount := amount_minor,
      condition := status <> 'draft',
      blocking := FALSE
    ),
    null_share(columns := subscription_id, max_share := 0.2, blocking := FALSE)
  ),
  description 'One row per invoice that Northstar sends its customers through Stripe, an accumulating snapshot.
Use it for: platform billing, what is due and paid. Not for: what clinics bill their patients (fct_patient_invoice), nor for revenue without
leaving out drafts and void ones (status). A view over the audited log of Stripe, which is small.'
);

SELECT
  invoice.stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice, natural key */
  invoice.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who is billed */
  invoice.subscription_id::VARCHAR AS subscription_id, /* Subscription that is billed, NULL for none */
  invoice.currency::VARCHAR AS currency, /* ISO 4217 currency */
  invoice.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  invoice.finalized_at::TIMESTAMP AS finalized_at, /* When it was finalised, UTC: from here on it is revenue */
  invoice.due_at::TIMESTAMP AS due_at, /* When it is due, UTC; NULL when charged automatically */
  invoice.paid_at::TIMESTAMP AS paid_at, /* When it was paid, UTC */
  invoice.voided_at::TIMESTAMP AS voided_at, /* When it was voided, UTC */
  invoice.uncollectible_at::TIMESTAMP AS uncollectible_at, /* When it was given up, UTC */
  invoice.invoice_number::VARCHAR AS invoice_number, /* Number by which people call it, NULL while a draft */
  invoice.status::VARCHAR AS status, /* draft, open, paid, uncollectible or void */
  invoice.billing_reason::VARCHAR AS billing_reason, /* What made it: subscription_create, subscription_cycle, subscription_update, manual ... */
  invoice.collection_method::VARCHAR AS collection_method, /* charge_automatically or send_invoice */
  invoice.subtotal_minor::BIGINT AS subtotal_minor, /* Sum of the lines before discounts and tax, minor units */
  invoice.discount_minor::BIGINT AS discount_minor, /* Discounts, minor units */
  invoice.tax_minor::BIGINT AS tax_minor, /* Taxes, minor units */
  invoice.total_minor::BIGINT AS total_minor, /* Subtotal less discounts plus taxes, minor units */
  invoice.due_minor::BIGINT AS due_minor, /* Total with the customer's balance applied, less credit notes before payment, minor units */
  invoice.paid_minor::BIGINT AS paid_minor, /* Paid, minor units */
  invoice.paid_off_stripe_minor::BIGINT AS paid_off_stripe_minor, /* Of that, paid outside Stripe, minor units */
  invoice.remaining_minor::BIGINT AS remaining_minor, /* Still to be paid, minor units */
  invoice.starting_balance_minor::BIGINT AS starting_balance_minor, /* Customer's balance before it, negative for a credit, minor units */
  invoice.ending_balance_minor::BIGINT AS ending_balance_minor, /* Customer's balance after it, minor units */
  invoice.pre_payment_credit_minor::BIGINT AS pre_payment_credit_minor, /* Credit notes before payment, minor units */
  invoice.post_payment_credit_minor::BIGINT AS post_payment_credit_minor, /* Credit notes after payment, minor units */
  invoice.changed_at::TIMESTAMP AS changed_at /* When Stripe made the last change, UTC; of a listed one when it was listed */
FROM intermediate.int_platform__invoice AS invoice
WHERE
  NOT invoice.is_deleted
