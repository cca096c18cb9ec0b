MODEL (
  name intermediate.int_platform__subscription,
  kind VIEW,
  owner data_engineering,
  grain subscription_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per subscription of a customer, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  subscription_id::VARCHAR AS subscription_id, /* Subscription, natural key */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who subscribes */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* Stripe's status: trialing, active, past_due, unpaid, canceled, paused, incomplete or incomplete_expired */
  collection_method::VARCHAR AS collection_method, /* charge_automatically or send_invoice */
  pause_behavior::VARCHAR AS pause_behavior, /* What happens to invoices while collection is paused; NULL when it is not */
  is_cancelled_at_period_end::BOOLEAN AS is_cancelled_at_period_end, /* Whether it ends with the running period */
  started_at::TIMESTAMP AS started_at, /* When it began, UTC */
  trial_started_at::TIMESTAMP AS trial_started_at, /* When its trial began, UTC */
  trial_ends_at::TIMESTAMP AS trial_ends_at, /* When its trial ends, UTC */
  cancelled_at::TIMESTAMP AS cancelled_at, /* When somebody cancelled it, UTC */
  ended_at::TIMESTAMP AS ended_at, /* When it ended, UTC */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__subscription_change, subscription_id)
)
