MODEL (
  name intermediate.int_directory__provider_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (provider_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (provider_id, commit_lsn, commit_seq)),
    not_null(columns := (provider_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a provider, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__provider, provider_id, @start_ts, @end_ts)
)
SELECT
  arrived.provider_id::BIGINT AS provider_id, /* Provider, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.account_id::BIGINT AS account_id, /* Account that employs the provider */
  arrived.home_clinic_id::BIGINT AS home_clinic_id, /* Clinic that the provider mostly works at */
  arrived.npi::VARCHAR AS npi, /* National Provider Identifier, public */
  arrived.provider_name::VARCHAR AS provider_name, /* Name of the provider, a professional, not a patient */
  arrived.specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code */
  arrived.credential::VARCHAR AS credential, /* MD, DO, NP, PA ... */
  arrived.hired_on::DATE AS hired_on, /* First day of work */
  arrived.terminated_on::DATE AS terminated_on, /* Day from which the provider no longer works there */
  arrived.created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  CASE WHEN arrived.operation = 'D' THEN NULL WHEN changed_at IS NULL THEN 'missing_time' END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
