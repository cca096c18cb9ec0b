MODEL (
  name intermediate.int_sales__account_owner,
  kind SCD_TYPE_2_BY_TIME (
    unique_key salesforce_account_id,
    updated_at_name changed_at,
    updated_at_as_valid_from TRUE,
    invalidate_hard_deletes FALSE
  ),
  owner data_engineering,
  grain (salesforce_account_id, valid_from),
  tags ('layer=intermediate', 'history=scd2'),
  audits (
    not_null(columns := (salesforce_account_id, owner_id, changed_at, valid_from)),
    unique_combination_of_columns(columns := (salesforce_account_id, valid_from)),
    unique_values(columns := salesforce_account_id, condition := valid_to IS NULL)
  ),
  description 'One row per state of an account in Salesforce as polled, with its owner; SQLMesh closes it when a later poll shows another.
The query holds to what SCD_TYPE_2_BY_TIME needs (design 4.3): every account each time, one row each, the last in the order of
reading, and no NULL among the attributes, for the kind would write the next value into closed rows.
Use it for: int_sales__account_owner_version. Not for: owners between two polls; they were not seen.
Each run rewrites the table: as many rows as accounts had changes.',
  column_descriptions (
    salesforce_account_id = 'Account, natural key',
    owner_id = 'User who owns it; -1 for none',
    changed_at = 'When Salesforce last changed the record, whatever about it, UTC',
    valid_from = 'The same: from when on a poll saw the state, UTC',
    valid_to = 'When the next change was made that a poll saw, UTC; NULL while it is the last'
  )
);

SELECT
  salesforce_account_id::VARCHAR AS salesforce_account_id,
  COALESCE(owner_id, '-1')::VARCHAR AS owner_id,
  committed_at::TIMESTAMP AS changed_at
FROM (
  @latest_image(intermediate.int_identity__salesforce_account_change, salesforce_account_id)
)
