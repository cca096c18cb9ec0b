MODEL (
  name intermediate.int_sales__user_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (salesperson_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=salesforce'),
  signals (
    source_sealed(source := 'salesforce')
  ),
  audits (
    unique_combination_of_columns(columns := (salesperson_id, commit_lsn, commit_seq)),
    not_null(columns := (salesperson_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a user in Salesforce, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  changed.salesperson_id::VARCHAR AS salesperson_id, /* User, natural key */
  changed.operation::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  changed.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  changed.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  changed.committed_at::TIMESTAMP AS committed_at, /* When Salesforce last changed the record, UTC */
  changed.name::VARCHAR AS name, /* Name of the employee */
  changed.title::VARCHAR AS title, /* Job title */
  changed.department::VARCHAR AS department, /* Department */
  changed.manager_id::VARCHAR AS manager_id, /* User who manages this one, NULL at the top */
  changed.is_active::BOOLEAN AS is_active, /* Whether the user may log in */
  changed.created_at::TIMESTAMP AS created_at, /* When the record was made, UTC */
  NULL::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  changed.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_salesforce__user AS changed
WHERE
  changed.loaded_at BETWEEN @start_ts AND @end_ts
