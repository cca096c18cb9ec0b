MODEL (
  name staging.stg_salesforce__account,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=salesforce', 'phi=none'),
  description 'One row per change of an account in Salesforce, as seen when it was read: an organisation, customer or not.
Address, telephone and free text stay in raw. Use it for: the audited batch. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Salesforce last changed the record, UTC */
  id::VARCHAR AS salesforce_account_id, /* Account, natural key */
  name::VARCHAR AS account_name, /* Name of the organisation */
  type::VARCHAR AS account_type, /* Customer, Prospect, Partner ... */
  industry::VARCHAR AS industry, /* Industry */
  owner_id::VARCHAR AS owner_id, /* User who owns the account */
  northstar_account_number__c::VARCHAR AS account_number, /* Account number of the app, where a person filled it in */
  segment__c::VARCHAR AS segment, /* Segment as sales sees it */
  health_score__c::DECIMAL(9, 2) AS health_score, /* Health from 0 to 100 as sales keeps it, NULL when nobody did */
  created_date::TIMESTAMP AS created_at, /* When the record was made, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_salesforce.account
