MODEL (
  name core.fct_subscription_invoice_line,
  kind VIEW,
  owner analytics_engineering,
  grain invoice_line_id,
  references (stripe_invoice_id, subscription_id, price_id, product_id, stripe_customer_id, currency),
  tags ('layer=core', 'fact=transaction', 'flow=follows'),
  depends_on (core.dim_currency, core.dim_price, core.dim_product, core.fct_subscription),
  audits (
    unique_values(columns := invoice_line_id),
    not_null(
      columns := (invoice_line_id, stripe_invoice_id, stripe_customer_id, currency, amount_minor, period_starts_at, period_ends_at)
    ),
    referential_integrity(
      references := (
        stripe_invoice_id = intermediate.int_platform__invoice,
        subscription_id = core.fct_subscription,
        price_id = core.dim_price,
        product_id = core.dim_product,
        currency = core.dim_currency
      ),
      blocking := FALSE
    ),
    null_share(columns := (subscription_id, price_id), max_share := 0.2, blocking := FALSE)
  ),
  description 'One row per line of an invoice in Stripe, with the service period that it bills.
Use it for: revenue by product and over the service period. Not for: drafts and void invoices, which it holds as well (invoice_status).
A view over the audited log of Stripe, which is small.'
);

SELECT
  line.invoice_line_id::VARCHAR AS invoice_line_id, /* Line, natural key */
  line.stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice that it is a line of */
  line.subscription_id::VARCHAR AS subscription_id, /* Subscription that is billed */
  line.subscription_item_id::VARCHAR AS subscription_item_id, /* Item of the subscription that is billed */
  line.price_id::VARCHAR AS price_id, /* Price */
  line.product_id::VARCHAR AS product_id, /* Product */
  invoice.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who is billed */
  line.currency::VARCHAR AS currency, /* ISO 4217 currency */
  line.period_starts_at::TIMESTAMP AS period_starts_at, /* First instant of the service period, UTC */
  line.period_ends_at::TIMESTAMP AS period_ends_at, /* End of the service period, exclusive, UTC */
  line.is_proration::BOOLEAN AS is_proration, /* Whether it bills a part of a period after a change */
  invoice.status::VARCHAR AS invoice_status, /* Status of the invoice */
  line.quantity::BIGINT AS quantity, /* Units billed */
  line.unit_amount_minor::DECIMAL(38, 12) AS unit_amount_minor, /* Price of one unit, minor units, with decimals */
  line.amount_minor::BIGINT AS amount_minor, /* Amount before discounts and tax, minor units; negative for unused time given back */
  line.discount_minor::BIGINT AS discount_minor, /* Discounts, minor units */
  line.tax_minor::BIGINT AS tax_minor, /* Taxes, minor units */
  line.changed_at::TIMESTAMP AS changed_at /* When Stripe made the last change, UTC; of a listed one when it was listed */
FROM intermediate.int_platform__invoice_line AS line
JOIN intermediate.int_platform__invoice AS invoice
  USING (stripe_invoice_id)
WHERE
  NOT line.is_deleted AND NOT invoice.is_deleted
