MODEL (
  name staging.stg_app__account,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of an account, a customer of Northstar, in the app''s change log.
Use it for: the audited batch. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  account_id::BIGINT AS account_id, /* Account, natural key */
  account_number::VARCHAR AS account_number, /* Number by which people call the account */
  name::VARCHAR AS account_name, /* Name of the account, an organisation */
  segment::VARCHAR AS segment, /* smb, mid_market or enterprise */
  plan_code::VARCHAR AS plan_code, /* Plan as the app knows it */
  status::VARCHAR AS account_status, /* trial, active, past_due, suspended or churned */
  billing_country::VARCHAR AS billing_country, /* ISO 3166 country of billing */
  billing_currency::VARCHAR AS billing_currency, /* ISO 4217 currency of billing */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer in Stripe, NULL when not linked */
  salesforce_account_id::VARCHAR AS salesforce_account_id, /* Account in Salesforce, NULL when not linked */
  created_at::TIMESTAMP AS created_at, /* When the account was made, UTC */
  IFF(_op IN ('D', 'T'), _commit_ts, updated_at)::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete or truncate its commit, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.directory__accounts
