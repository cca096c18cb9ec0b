MODEL (
  name staging.stg_app__appointment_event,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=pseudonymous'),
  description 'One row per change of an appointment event in the app''s change log; events are append-only at the source.
Use it for: the audited batch. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  event_id::BIGINT AS event_id, /* Event, natural key */
  appointment_id::BIGINT AS appointment_id, /* Appointment that changed */
  from_status::VARCHAR AS from_status, /* FHIR status before, NULL when the appointment was made */
  to_status::VARCHAR AS to_status, /* FHIR status after */
  from_starts_at::TIMESTAMP AS from_starts_at, /* Scheduled start before, UTC */
  to_starts_at::TIMESTAMP AS to_starts_at, /* Scheduled start after, UTC */
  actor::VARCHAR AS actor, /* patient, staff or system */
  occurred_at::TIMESTAMP AS occurred_at, /* When it happened, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.scheduling__appointment_events
