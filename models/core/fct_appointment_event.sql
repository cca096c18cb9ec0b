MODEL (
  name core.fct_appointment_event,
  kind VIEW,
  owner analytics_engineering,
  grain event_id,
  references (
    appointment_id
  ),
  tags ('layer=core', 'zone=restricted', 'fact=transaction', 'flow=follows'),
  depends_on (
    core.fct_appointment
  ),
  audits (
    unique_values(
      columns := event_id,
      condition := @arrived(intermediate.int_scheduling__appointment_event_change, event_id, DATEADD(DAY, -1, @execution_ts::TIMESTAMP))
    ),
    not_null(
      columns := (event_id, appointment_id, to_status, occurred_at),
      condition := loaded_at >= DATEADD(DAY, -1, @execution_ts::TIMESTAMP)
    ),
    referential_integrity(
      references := (
        appointment_id = core.fct_appointment
      ),
      condition := occurred_at >= DATEADD(DAY, -2, @execution_ts::TIMESTAMP),
      blocking := FALSE
    )
  ),
  description 'One row per event in the life of an appointment: a change of status or of time. A transaction fact.
Use it for: funnels, time between steps, who cancels. Not for: the present state (fct_appointment).
A view over the audited log, without the events that the source deleted.'
);

SELECT
  event.event_id::BIGINT AS event_id, /* Event, natural key */
  event.appointment_id::BIGINT AS appointment_id, /* Appointment that changed */
  event.occurred_at::TIMESTAMP AS occurred_at, /* When it happened, UTC */
  event.from_status::VARCHAR AS from_status, /* FHIR status before, NULL when the appointment was made */
  event.to_status::VARCHAR AS to_status, /* FHIR status after */
  event.from_starts_at::TIMESTAMP AS from_starts_at, /* Scheduled start before, UTC */
  event.to_starts_at::TIMESTAMP AS to_starts_at, /* Scheduled start after, UTC */
  event.actor::VARCHAR AS actor, /* patient, staff or system */
  event.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, UTC */
FROM intermediate.int_scheduling__appointment_event_change AS event
LEFT JOIN intermediate.int_scheduling__appointment_event_change AS deleted
  ON deleted.event_id = event.event_id
  AND deleted.operation = 'D'
  AND deleted.loaded_at <= @audited_through(intermediate.int_scheduling__appointment_event_change)
  AND (
    deleted.commit_lsn > event.commit_lsn
    OR (
      deleted.commit_lsn = event.commit_lsn AND deleted.commit_seq > event.commit_seq
    )
  )
WHERE
  event.operation IN ('R', 'I')
  AND event.fault_rule IS NULL
  AND event.loaded_at <= @audited_through(intermediate.int_scheduling__appointment_event_change)
  AND deleted.event_id IS NULL
