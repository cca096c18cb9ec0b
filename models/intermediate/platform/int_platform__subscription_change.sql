MODEL (
  name intermediate.int_platform__subscription_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (subscription_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (subscription_id, commit_lsn, commit_seq)),
    not_null(columns := (subscription_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a subscription of a customer, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.subscription_id::VARCHAR AS subscription_id, /* Subscription, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who subscribes */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency */
  arrived.status::VARCHAR AS status, /* Stripe's status: trialing, active, past_due, unpaid, canceled, paused, incomplete or incomplete_expired */
  arrived.collection_method::VARCHAR AS collection_method, /* charge_automatically or send_invoice */
  arrived.pause_behavior::VARCHAR AS pause_behavior, /* What happens to invoices while collection is paused; NULL when it is not */
  arrived.is_cancelled_at_period_end::BOOLEAN AS is_cancelled_at_period_end, /* Whether it ends with the running period */
  arrived.started_at::TIMESTAMP AS started_at, /* When it began, UTC */
  arrived.trial_started_at::TIMESTAMP AS trial_started_at, /* When its trial began, UTC */
  arrived.trial_ends_at::TIMESTAMP AS trial_ends_at, /* When its trial ends, UTC */
  arrived.cancelled_at::TIMESTAMP AS cancelled_at, /* When somebody cancelled it, UTC */
  arrived.ended_at::TIMESTAMP AS ended_at, /* When it ended, UTC */
  arrived.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN stripe_customer_id IS NULL
    THEN 'missing_key'
    WHEN NOT COALESCE(status, '') IN ('trialing', 'active', 'past_due', 'unpaid', 'canceled', 'paused', 'incomplete', 'incomplete_expired')
    THEN 'unknown_status'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__subscription AS arrived
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
