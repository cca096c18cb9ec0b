MODEL (
  name intermediate.int_platform__discount,
  kind VIEW,
  owner data_engineering,
  grain discount_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per discount: a coupon as applied to a customer or a subscription, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  discount_id::VARCHAR AS discount_id, /* Discount, natural key */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who gets it */
  subscription_id::VARCHAR AS subscription_id, /* Subscription that it applies to, NULL for all of the customer */
  subscription_item_id::VARCHAR AS subscription_item_id, /* Item that it applies to, NULL for all of the subscription */
  coupon_id::VARCHAR AS coupon_id, /* Coupon that it applies */
  starts_at::TIMESTAMP AS starts_at, /* When it begins, UTC */
  ends_at::TIMESTAMP AS ends_at, /* When it ends, exclusive, UTC; NULL for never */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__discount_change, discount_id)
)
