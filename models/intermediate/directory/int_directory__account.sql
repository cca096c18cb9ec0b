MODEL (
  name intermediate.int_directory__account,
  kind VIEW,
  owner data_engineering,
  grain account_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per account, as last told by the source. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  account_id::BIGINT AS account_id, /* Account, natural key */
  account_number::VARCHAR AS account_number, /* Number by which people call the account */
  account_name::VARCHAR AS account_name, /* Name of the account, an organisation */
  segment::VARCHAR AS segment, /* smb, mid_market or enterprise */
  plan_code::VARCHAR AS plan_code, /* Plan as the app knows it */
  account_status::VARCHAR AS account_status, /* trial, active, past_due, suspended or churned */
  billing_country::VARCHAR AS billing_country, /* ISO 3166 country of billing */
  billing_currency::VARCHAR AS billing_currency, /* ISO 4217 currency of billing */
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer in Stripe, NULL when not linked */
  salesforce_account_id::VARCHAR AS salesforce_account_id, /* Account in Salesforce, NULL when not linked */
  created_at::TIMESTAMP AS created_at, /* When the account was made, UTC */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_directory__account_change, account_id)
)
