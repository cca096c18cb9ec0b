MODEL (
  name intermediate.int_scheduling__appointment,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key appointment_id
  ),
  owner data_engineering,
  clustered_by (
    starts_at::DATE
  ),
  grain appointment_id,
  tags (
    'layer=intermediate'
  ),
  audits (
    unique_values(
      columns := appointment_id,
      condition := @arrived(intermediate.int_scheduling__appointment_change, appointment_id, @start_ts, @end_ts)
    ),
    not_null(
      columns := (appointment_id, clinic_id, provider_id, patient_key, status, starts_at, ends_at),
      condition := @arrived(intermediate.int_scheduling__appointment_change, appointment_id, @start_ts, @end_ts)
    )
  ),
  description 'One row per appointment, as last told by the source; deleted ones stay, flagged.
Use it for: core.fct_appointment and provider days. Not for: how an appointment came to be; see its events.
Recomputed for the appointments that changed: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    appointment_id
  FROM intermediate.int_scheduling__appointment_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  appointment_id::BIGINT AS appointment_id, /* Appointment, natural key */
  account_id::BIGINT AS account_id, /* Account that the clinic belongs to */
  clinic_id::BIGINT AS clinic_id, /* Clinic of the visit */
  provider_id::BIGINT AS provider_id, /* Provider of the visit */
  patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  appointment_type_id::BIGINT AS appointment_type_id, /* Type of the visit */
  rescheduled_from_id::BIGINT AS rescheduled_from_id, /* Appointment that this one replaces */
  created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  booked_at::TIMESTAMP AS booked_at, /* When it was booked, UTC */
  starts_at::TIMESTAMP AS starts_at, /* Scheduled start, UTC */
  ends_at::TIMESTAMP AS ends_at, /* Scheduled end, exclusive, UTC */
  arrived_at::TIMESTAMP AS arrived_at, /* When the patient arrived, UTC */
  checked_in_at::TIMESTAMP AS checked_in_at, /* When the patient was checked in, UTC */
  fulfilled_at::TIMESTAMP AS fulfilled_at, /* When the visit was done, UTC */
  cancelled_at::TIMESTAMP AS cancelled_at, /* When it was cancelled, UTC */
  status::VARCHAR AS status, /* FHIR appointment status */
  cancellation_reason_code::VARCHAR AS cancellation_reason_code, /* pat, prov, rescheduled or other */
  is_telehealth::BOOLEAN AS is_telehealth, /* Whether the visit is remote */
  is_deleted::BOOLEAN AS is_deleted, /* Whether it was deleted at the source */
  changed_at::TIMESTAMP AS changed_at /* When the app last changed the row, UTC */
FROM (
  @latest_image(intermediate.int_scheduling__appointment_change, appointment_id, touched)
)
