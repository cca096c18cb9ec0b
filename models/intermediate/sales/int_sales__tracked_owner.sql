MODEL (
  name intermediate.int_sales__tracked_owner,
  kind VIEW,
  owner data_engineering,
  grain owner_change_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per tracked change of an account''s owner in Salesforce, as last read. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  owner_change_id::VARCHAR AS owner_change_id, /* Entry of the history, natural key */
  salesforce_account_id::VARCHAR AS salesforce_account_id, /* Account that changed hands */
  old_owner_id::VARCHAR AS old_owner_id, /* User who owned the account before */
  new_owner_id::VARCHAR AS new_owner_id, /* User who owns it from then on */
  changed_at::TIMESTAMP AS changed_at, /* When it changed hands, UTC */
  commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  is_deleted::BOOLEAN AS is_deleted /* Whether it is deleted in Salesforce */
FROM (
  @latest_image(intermediate.int_sales__tracked_owner_change, owner_change_id)
)
