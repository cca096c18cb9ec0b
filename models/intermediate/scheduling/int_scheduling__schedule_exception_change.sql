MODEL (
  name intermediate.int_scheduling__schedule_exception_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (exception_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (exception_id, commit_lsn, commit_seq)),
    not_null(columns := (exception_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a time off or block of a provider, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__schedule_exception, exception_id, @start_ts, @end_ts)
)
SELECT
  arrived.exception_id::BIGINT AS exception_id, /* Exception, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.provider_id::BIGINT AS provider_id, /* Provider who cannot be booked */
  arrived.clinic_id::BIGINT AS clinic_id, /* Clinic at which, NULL at every clinic */
  arrived.exception_kind::VARCHAR AS exception_kind, /* pto or admin_block */
  arrived.starts_at::TIMESTAMP AS starts_at, /* Start, UTC */
  arrived.ends_at::TIMESTAMP AS ends_at, /* End, exclusive, UTC */
  arrived.is_cancelled::BOOLEAN AS is_cancelled, /* Whether it was called off */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN starts_at IS NULL OR ends_at IS NULL
    THEN 'missing_time'
    WHEN NOT COALESCE(exception_kind, '') IN ('pto', 'admin_block')
    THEN 'unknown_kind'
    WHEN ends_at <= starts_at
    THEN 'ends_not_after_start'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
