MODEL (
  name intermediate.int_identity__salesforce_account_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (salesforce_account_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=salesforce'),
  signals (
    source_sealed(source := 'salesforce')
  ),
  audits (
    unique_combination_of_columns(columns := (salesforce_account_id, commit_lsn, commit_seq)),
    not_null(columns := (salesforce_account_id, operation)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of an account in Salesforce, audited before anything downstream reads it.
Use it for: identity, and the state of accounts in Salesforce. Not for: analysis. Grows by what arrives.'
);

SELECT
  salesforce_account_id::VARCHAR AS salesforce_account_id, /* Natural key */
  operation::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  commit_lsn::BIGINT AS commit_lsn, /* Place in the source's order */
  commit_seq::BIGINT AS commit_seq, /* Always 0 */
  committed_at::TIMESTAMP AS committed_at, /* When the source made the change, UTC */
  account_name::VARCHAR AS account_name, /* Name of the organisation */
  account_type::VARCHAR AS account_type, /* Customer, Prospect, Partner ... */
  industry::VARCHAR AS industry, /* Industry */
  owner_id::VARCHAR AS owner_id, /* User who owns the account */
  account_number::VARCHAR AS account_number, /* Account number of the app, where a person filled it in */
  segment::VARCHAR AS segment, /* Segment as sales sees it */
  health_score::DECIMAL(9, 2) AS health_score, /* Health from 0 to 100 as sales keeps it, NULL when nobody did */
  created_at::TIMESTAMP AS created_at, /* When the record was made, UTC */
  NULL::VARCHAR AS fault_rule, /* Rule that the change breaks; none is defined */
  loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_salesforce__account
WHERE
  loaded_at BETWEEN @start_ts AND @end_ts
