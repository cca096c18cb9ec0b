MODEL (
  name intermediate.int_directory__account_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (account_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (account_id, commit_lsn, commit_seq)),
    not_null(columns := (account_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of an account, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__account, account_id, @start_ts, @end_ts)
)
SELECT
  arrived.account_id::BIGINT AS account_id, /* Account, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.account_number::VARCHAR AS account_number, /* Number by which people call the account */
  arrived.account_name::VARCHAR AS account_name, /* Name of the account, an organisation */
  arrived.segment::VARCHAR AS segment, /* smb, mid_market or enterprise */
  arrived.plan_code::VARCHAR AS plan_code, /* Plan as the app knows it */
  arrived.account_status::VARCHAR AS account_status, /* trial, active, past_due, suspended or churned */
  arrived.billing_country::VARCHAR AS billing_country, /* ISO 3166 country of billing */
  arrived.billing_currency::VARCHAR AS billing_currency, /* ISO 4217 currency of billing */
  arrived.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer in Stripe, NULL when not linked */
  arrived.salesforce_account_id::VARCHAR AS salesforce_account_id, /* Account in Salesforce, NULL when not linked */
  arrived.created_at::TIMESTAMP AS created_at, /* When the account was made, UTC */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  CASE WHEN arrived.operation = 'D' THEN NULL WHEN changed_at IS NULL THEN 'missing_time' END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
