MODEL (
  name staging.stg_stripe__discount,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a discount: a coupon as applied to a customer or a subscription.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS discount_id, /* Discount, natural key */
  customer::VARCHAR AS stripe_customer_id, /* Customer who gets it */
  subscription::VARCHAR AS subscription_id, /* Subscription that it applies to, NULL for all of the customer */
  subscription_item::VARCHAR AS subscription_item_id, /* Item that it applies to, NULL for all of the subscription */
  coupon::VARCHAR AS coupon_id, /* Coupon that it applies */
  "START"::TIMESTAMP AS starts_at, /* When it begins, UTC */
  "END"::TIMESTAMP AS ends_at, /* When it ends, exclusive, UTC; NULL for never */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.discount
