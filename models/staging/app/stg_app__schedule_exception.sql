MODEL (
  name staging.stg_app__schedule_exception,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of a time off or block of a provider in the app''s change log. The free-text reason stays in raw.
Use it for: the audited batch. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  exception_id::BIGINT AS exception_id, /* Exception, natural key */
  provider_id::BIGINT AS provider_id, /* Provider who cannot be booked */
  clinic_id::BIGINT AS clinic_id, /* Clinic at which, NULL at every clinic */
  kind::VARCHAR AS exception_kind, /* pto or admin_block */
  starts_at::TIMESTAMP AS starts_at, /* Start, UTC */
  ends_at::TIMESTAMP AS ends_at, /* End, exclusive, UTC */
  is_cancelled::BOOLEAN AS is_cancelled, /* Whether it was called off */
  IFF(_op IN ('D', 'T'), _commit_ts, updated_at)::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete or truncate its commit, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.scheduling__schedule_exceptions
