MODEL (
  name intermediate.int_sales__lead_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (lead_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=salesforce'),
  signals (
    source_sealed(source := 'salesforce')
  ),
  audits (
    unique_combination_of_columns(columns := (lead_id, commit_lsn, commit_seq)),
    not_null(columns := (lead_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a lead in Salesforce, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  changed.lead_id::VARCHAR AS lead_id, /* Lead, natural key */
  changed.operation::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  changed.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  changed.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  changed.committed_at::TIMESTAMP AS committed_at, /* When Salesforce last changed the record, UTC */
  changed.owner_id::VARCHAR AS owner_id, /* User, or queue, that owns the lead */
  changed.status::VARCHAR AS status, /* Status as sales keeps it */
  changed.lead_source::VARCHAR AS lead_source, /* Where the lead came from */
  changed.rating::VARCHAR AS rating, /* Hot, Warm or Cold */
  changed.country::VARCHAR AS country, /* Country of the organisation */
  changed.employee_count::BIGINT AS employee_count, /* Employees of the organisation */
  changed.is_converted::BOOLEAN AS is_converted, /* Whether it became an account */
  changed.converted_on::DATE AS converted_on, /* Day on which it became one */
  changed.converted_account_id::VARCHAR AS converted_account_id, /* Account in Salesforce that it became */
  changed.converted_opportunity_id::VARCHAR AS converted_opportunity_id, /* Opportunity opened by the conversion, if any */
  changed.created_at::TIMESTAMP AS created_at, /* When the record was made, UTC */
  CASE
    WHEN changed.operation = 'D'
    THEN NULL
    WHEN created_at IS NULL OR (
      is_converted AND converted_on IS NULL
    )
    THEN 'missing_time'
    WHEN @implausible((created_at, converted_on), committed_at)
    THEN 'implausible_date'
    WHEN converted_on < created_at::DATE
    THEN 'converted_before_created'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  changed.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_salesforce__lead AS changed
WHERE
  changed.loaded_at BETWEEN @start_ts AND @end_ts
