MODEL (
  name staging.stg_stripe__invoice_line,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a line of an invoice in Stripe. Rows of test mode stay in raw.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS invoice_line_id, /* Line, natural key */
  COALESCE(invoice, _parent)::VARCHAR AS stripe_invoice_id, /* Invoice that it is a line of */
  subscription::VARCHAR AS subscription_id, /* Subscription that is billed */
  subscription_item::VARCHAR AS subscription_item_id, /* Item of the subscription that is billed */
  price::VARCHAR AS price_id, /* Price */
  product::VARCHAR AS product_id, /* Product */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency */
  quantity::BIGINT AS quantity, /* Units billed */
  unit_amount_decimal::DECIMAL(38, 12) AS unit_amount_minor, /* Price of one unit, minor units, with decimals */
  amount::BIGINT AS amount_minor, /* Amount before discounts and tax, minor units; negative for unused time given back */
  discount_amount::BIGINT AS discount_minor, /* Discounts, minor units */
  tax_amount::BIGINT AS tax_minor, /* Taxes, minor units */
  COALESCE(is_subscription_proration, is_invoice_item_proration, FALSE)::BOOLEAN AS is_proration, /* Whether it bills a part of a period after a change */
  period_start::TIMESTAMP AS period_starts_at, /* First instant of the service period, UTC */
  period_end::TIMESTAMP AS period_ends_at, /* End of the service period, exclusive, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.invoice_line_item
WHERE
  COALESCE(livemode, TRUE)
