MODEL (
  name staging.stg_stripe__subscription,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a subscription of a customer. Rows of test mode stay in raw.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  id::VARCHAR AS subscription_id, /* Subscription, natural key */
  customer::VARCHAR AS stripe_customer_id, /* Customer who subscribes */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* Stripe's status: trialing, active, past_due, unpaid, canceled, paused, incomplete or incomplete_expired */
  collection_method::VARCHAR AS collection_method, /* charge_automatically or send_invoice */
  pause_behavior::VARCHAR AS pause_behavior, /* What happens to invoices while collection is paused; NULL when it is not */
  cancel_at_period_end::BOOLEAN AS is_cancelled_at_period_end, /* Whether it ends with the running period */
  start_date::TIMESTAMP AS started_at, /* When it began, UTC */
  trial_start::TIMESTAMP AS trial_started_at, /* When its trial began, UTC */
  trial_end::TIMESTAMP AS trial_ends_at, /* When its trial ends, UTC */
  canceled_at::TIMESTAMP AS cancelled_at, /* When somebody cancelled it, UTC */
  ended_at::TIMESTAMP AS ended_at, /* When it ended, UTC */
  created::TIMESTAMP AS created_at, /* When it was made, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.subscription
WHERE
  COALESCE(livemode, TRUE)
