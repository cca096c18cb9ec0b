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
reading, no NULL among the attributes, for the kind would write the next value into closed rows, and a time of change that grows with
every image, for the kind passes over another image of the same second.
Use it for: int_sales__account_owner_version. Not for: owners between two polls; they were not seen.
Each run rewrites the table: as many rows as accounts had changes.',
  column_descriptions (
    salesforce_account_id = 'Account, natural key',
    owner_id = 'User who owns it; -1 for none',
    changed_at = 'When Salesforce last changed the record, whatever about it, UTC; a microsecond on for each image read since',
    valid_from = 'The same: from when on a poll saw the state, UTC',
    valid_to = 'When the next change was made that a poll saw, UTC; NULL while it is the last'
  )
);

WITH image AS (
  SELECT
    salesforce_account_id,
    owner_id,
    commit_lsn,
    committed_at,
    MAX(committed_at) OVER (PARTITION BY salesforce_account_id) AS changed_at
  FROM intermediate.int_identity__salesforce_account_change
  WHERE
    fault_rule IS NULL
    AND operation <> 'D'
    AND loaded_at <= @audited_through(intermediate.int_identity__salesforce_account_change)
), dated AS (
  SELECT
    *,
    MIN(IFF(committed_at = changed_at, commit_lsn, NULL)) OVER (PARTITION BY salesforce_account_id) AS first_lsn
  FROM image
)
SELECT
  salesforce_account_id::VARCHAR AS salesforce_account_id,
  COALESCE(owner_id, '-1')::VARCHAR AS owner_id,
  DATEADD(MICROSECOND, COUNT_IF(commit_lsn > first_lsn) OVER (PARTITION BY salesforce_account_id), changed_at)::TIMESTAMP AS changed_at
FROM dated
QUALIFY
  ROW_NUMBER() OVER (PARTITION BY salesforce_account_id ORDER BY commit_lsn DESC) = 1
