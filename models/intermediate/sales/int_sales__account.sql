MODEL (
  name intermediate.int_sales__account,
  kind VIEW,
  owner data_engineering,
  grain salesforce_account_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per account in Salesforce, as last read. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  salesforce_account_id::VARCHAR AS salesforce_account_id, /* Account, natural key */
  account_name::VARCHAR AS account_name, /* Name of the organisation */
  account_type::VARCHAR AS account_type, /* Customer, Prospect, Partner ... */
  industry::VARCHAR AS industry, /* Industry */
  owner_id::VARCHAR AS owner_id, /* User who owns the account */
  account_number::VARCHAR AS account_number, /* Account number of the app, where a person filled it in */
  segment::VARCHAR AS segment, /* Segment as sales sees it */
  health_score::DECIMAL(9, 2) AS health_score, /* Health from 0 to 100 as sales keeps it, NULL when nobody did */
  created_at::TIMESTAMP AS created_at, /* When the record was made, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it is deleted in Salesforce */
FROM (
  @latest_image(intermediate.int_identity__salesforce_account_change, salesforce_account_id)
)
