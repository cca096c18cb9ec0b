MODEL (
  name staging.stg_salesforce__account_history,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=salesforce', 'phi=none'),
  description 'One row per change of owner that Salesforce tracked: of its two entries a change, the one with Ids.
Other tracked fields stay in raw. Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Salesforce last changed the record, UTC */
  id::VARCHAR AS owner_change_id, /* Entry of the history, natural key */
  account_id::VARCHAR AS salesforce_account_id, /* Account that changed hands */
  @salesforce_user_id(old_value)::VARCHAR AS old_owner_id, /* User who owned the account before */
  @salesforce_user_id(new_value)::VARCHAR AS new_owner_id, /* User who owns it from then on */
  created_date::TIMESTAMP AS changed_at, /* When it changed hands, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_salesforce.account_history
WHERE
  field = 'Owner' AND data_type = 'EntityId'
