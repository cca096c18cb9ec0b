MODEL (
  name intermediate.int_platform__invoice_line,
  kind VIEW,
  owner data_engineering,
  grain invoice_line_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per line of an invoice in Stripe, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  invoice_line_id::VARCHAR AS invoice_line_id, /* Line, natural key */
  stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice that it is a line of */
  subscription_id::VARCHAR AS subscription_id, /* Subscription that is billed */
  subscription_item_id::VARCHAR AS subscription_item_id, /* Item of the subscription that is billed */
  price_id::VARCHAR AS price_id, /* Price */
  product_id::VARCHAR AS product_id, /* Product */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  quantity::BIGINT AS quantity, /* Units billed */
  unit_amount_minor::DECIMAL(38, 12) AS unit_amount_minor, /* Price of one unit, minor units, with decimals */
  amount_minor::BIGINT AS amount_minor, /* Amount before discounts and tax, minor units; negative for unused time given back */
  discount_minor::BIGINT AS discount_minor, /* Discounts, minor units */
  tax_minor::BIGINT AS tax_minor, /* Taxes, minor units */
  is_proration::BOOLEAN AS is_proration, /* Whether it bills a part of a period after a change */
  period_starts_at::TIMESTAMP AS period_starts_at, /* First instant of the service period, UTC */
  period_ends_at::TIMESTAMP AS period_ends_at, /* End of the service period, exclusive, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__invoice_line_change, invoice_line_id)
)
