MODEL (
  name core.fct_subscription,
  kind VIEW,
  owner analytics_engineering,
  grain subscription_id,
  references (stripe_customer_id, currency),
  tags ('layer=core', 'fact=accumulating_snapshot', 'flow=sparse'),
  depends_on (core.dim_currency, core.dim_stripe_customer),
  audits (
    unique_values(columns := subscription_id),
    not_null(columns := (subscription_id, stripe_customer_id, currency, status, started_at)),
    referential_integrity(references := (stripe_customer_id = core.dim_stripe_customer, currency = core.dim_currency))
  ),
  description 'One row per subscription of a customer to Northstar, an accumulating snapshot: trial, start, cancellation and end fill up as they come.
Use it for: how long trials and subscriptions last, who cancels. Not for: what a subscription is worth (fct_subscription_mrr).
A view over the audited log of Stripe, which is small.'
);

SELECT
  subscription.subscription_id::VARCHAR AS subscription_id, /* Subscription, natural key */
  subscription.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who subscribes */
  subscription.currency::VARCHAR AS currency, /* ISO 4217 currency */
  subscription.started_at::TIMESTAMP AS started_at, /* When it began, UTC */
  subscription.trial_started_at::TIMESTAMP AS trial_started_at, /* When its trial began, UTC */
  subscription.trial_ends_at::TIMESTAMP AS trial_ends_at, /* When its trial ends, UTC */
  subscription.cancelled_at::TIMESTAMP AS cancelled_at, /* When somebody cancelled it, UTC */
  subscription.ended_at::TIMESTAMP AS ended_at, /* When it ended, UTC */
  subscription.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  subscription.status::VARCHAR AS status, /* Stripe's status: trialing, active, past_due, unpaid, canceled, paused, incomplete or incomplete_expired */
  subscription.collection_method::VARCHAR AS collection_method, /* charge_automatically or send_invoice */
  subscription.pause_behavior::VARCHAR AS pause_behavior, /* What happens to invoices while collection is paused; NULL when it is not */
  subscription.is_cancelled_at_period_end::BOOLEAN AS is_cancelled_at_period_end, /* Whether it ends with the running period */
  subscription.changed_at::TIMESTAMP AS changed_at /* When Stripe made the last change, UTC; of a listed one when it was listed */
FROM intermediate.int_platform__subscription AS subscription
WHERE
  NOT subscription.is_deleted
