MODEL (
  name staging.stg_app__appointment_type,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of an appointment type in the app''s change log.
Use it for: the audited batch. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  appointment_type_id::BIGINT AS appointment_type_id, /* Appointment type, natural key */
  account_id::BIGINT AS account_id, /* Account that defined it */
  code::VARCHAR AS type_code, /* Code of the type */
  name::VARCHAR AS type_name, /* Name of the type */
  default_minutes::INT AS default_minutes, /* Usual length, minutes */
  is_telehealth::BOOLEAN AS is_telehealth, /* Whether visits of this type are remote */
  is_active::BOOLEAN AS is_active, /* Whether it can be booked */
  IFF(_op IN ('D', 'T'), _commit_ts, updated_at)::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete or truncate its commit, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.scheduling__appointment_types
