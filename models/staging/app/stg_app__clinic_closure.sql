MODEL (
  name staging.stg_app__clinic_closure,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of a closure of a clinic in the app''s change log, in the clinic''s wall-clock time.
Use it for: the audited batch. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  closure_id::BIGINT AS closure_id, /* Closure, natural key */
  clinic_id::BIGINT AS clinic_id, /* Clinic that is closed */
  starts_at::TIMESTAMP AS local_starts_at, /* Start, local wall clock */
  ends_at::TIMESTAMP AS local_ends_at, /* End, exclusive, local wall clock */
  reason_code::VARCHAR AS reason_code, /* holiday, weather or maintenance */
  IFF(_op IN ('D', 'T'), _commit_ts, updated_at)::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete or truncate its commit, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.directory__clinic_closures
