MODEL (
  name intermediate.int_scheduling__appointment_event_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  clustered_by (loaded_at::DATE, occurred_at::DATE),
  grain (event_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (event_id, commit_lsn, commit_seq)),
    not_null(columns := (event_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of an event in the life of an appointment, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__appointment_event, event_id, @start_ts, @end_ts)
)
SELECT
  arrived.event_id::BIGINT AS event_id, /* Event, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.appointment_id::BIGINT AS appointment_id, /* Appointment that changed */
  arrived.from_status::VARCHAR AS from_status, /* FHIR status before, NULL when the appointment was made */
  arrived.to_status::VARCHAR AS to_status, /* FHIR status after */
  arrived.from_starts_at::TIMESTAMP AS from_starts_at, /* Scheduled start before, UTC */
  arrived.to_starts_at::TIMESTAMP AS to_starts_at, /* Scheduled start after, UTC */
  arrived.actor::VARCHAR AS actor, /* patient, staff or system */
  arrived.occurred_at::TIMESTAMP AS occurred_at, /* When it happened, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN operation = 'U'
    THEN 'append_only_violated'
    WHEN occurred_at IS NULL
    THEN 'missing_time'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
