MODEL (
  name intermediate.int_sales__tracked_owner_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (owner_change_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=salesforce'),
  signals (
    source_sealed(source := 'salesforce')
  ),
  audits (
    unique_combination_of_columns(columns := (owner_change_id, commit_lsn, commit_seq)),
    not_null(columns := (owner_change_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a tracked change of an account''s owner in Salesforce, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  changed.owner_change_id::VARCHAR AS owner_change_id, /* Entry of the history, natural key */
  changed.operation::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  changed.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  changed.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  changed.committed_at::TIMESTAMP AS committed_at, /* When Salesforce last changed the record, UTC */
  changed.salesforce_account_id::VARCHAR AS salesforce_account_id, /* Account that changed hands */
  changed.old_owner_id::VARCHAR AS old_owner_id, /* User who owned the account before */
  changed.new_owner_id::VARCHAR AS new_owner_id, /* User who owns it from then on */
  changed.changed_at::TIMESTAMP AS changed_at, /* When it changed hands, UTC */
  CASE
    WHEN changed.operation = 'D'
    THEN NULL
    WHEN salesforce_account_id IS NULL OR old_owner_id IS NULL OR new_owner_id IS NULL
    THEN 'missing_key'
    WHEN changed_at IS NULL
    THEN 'missing_time'
    WHEN @implausible(changed_at, committed_at)
    THEN 'implausible_date'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  changed.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_salesforce__account_history AS changed
WHERE
  changed.loaded_at BETWEEN @start_ts AND @end_ts
