MODEL (
  name intermediate.int_directory__clinic_closure_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (closure_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (closure_id, commit_lsn, commit_seq)),
    not_null(columns := (closure_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a closure of a clinic, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__clinic_closure, closure_id, @start_ts, @end_ts)
)
SELECT
  arrived.closure_id::BIGINT AS closure_id, /* Closure, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.clinic_id::BIGINT AS clinic_id, /* Clinic that is closed */
  arrived.local_starts_at::TIMESTAMP AS local_starts_at, /* Start, local wall clock */
  arrived.local_ends_at::TIMESTAMP AS local_ends_at, /* End, exclusive, local wall clock */
  arrived.reason_code::VARCHAR AS reason_code, /* holiday, weather or maintenance */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN local_starts_at IS NULL OR local_ends_at IS NULL
    THEN 'missing_time'
    WHEN local_ends_at <= local_starts_at
    THEN 'ends_not_after_start'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
