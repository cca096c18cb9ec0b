MODEL (
  name core.fct_appointment,
  kind VIEW,
  owner analytics_engineering,
  grain appointment_id,
  references (account_id, clinic_id, provider_id, patient_key, appointment_type_id),
  tags ('layer=core', 'zone=restricted', 'fact=accumulating_snapshot', 'flow=steady', 'phi=pseudonymous'),
  depends_on (
    core.dim_account,
    core.dim_appointment_type,
    core.dim_clinic,
    core.dim_patient,
    core.dim_provider,
    intermediate.int_scheduling__appointment_change
  ),
  audits (
    unique_values(
      columns := appointment_id,
      condition := @arrived(intermediate.int_scheduling__appointment_change, appointment_id, DATEADD(DAY, -1, @execution_ts::TIMESTAMP))
    ),
    not_null(columns := appointment_id),
    not_null(
      columns := (account_id, clinic_id, provider_id, patient_key, status, starts_at, ends_at),
      condition := @arrived(intermediate.int_scheduling__appointment_change, appointment_id, DATEADD(DAY, -1, @execution_ts::TIMESTAMP))
    ),
    accepted_values(
      column := status,
      is_in := (
        'proposed',
        'pending',
        'booked',
        'arrived',
        'checked-in',
        'fulfilled',
        'cancelled',
        'noshow',
        'entered-in-error',
        'waitlist'
      ),
      condition := @arrived(intermediate.int_scheduling__appointment_change, appointment_id, DATEADD(DAY, -1, @execution_ts::TIMESTAMP))
    ),
    referential_integrity(
      references := (
        account_id = core.dim_account,
        clinic_id = core.dim_clinic,
        provider_id = core.dim_provider,
        patient_key = core.dim_patient,
        appointment_type_id = core.dim_appointment_type
      ),
      condition := @arrived(intermediate.int_scheduling__appointment_change, appointment_id, DATEADD(DAY, -1, @execution_ts::TIMESTAMP))
    ),
    null_share(
      columns := appointment_type_id,
      max_share := 0.05,
      condition := created_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP),
      blocking := FALSE
    ),
    freshness(column := created_at, max_age_minutes := 48 * 60),
    volume_in_line(column := created_at)
  ),
  description 'One row per appointment, an accumulating snapshot: its milestones fill up as it comes to pass.
Use it for: lead times, durations, no-shows, cancellations. Not for: minutes of a provider (fct_provider_day, where double
bookings count once), nor for the steps in between (fct_appointment_event). Deleted appointments stay, flagged.
A view over state that only audited changes reach, so it holds no second copy. Audits look at what arrived in the last day.'
);

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
  DATEDIFF(SECOND, starts_at, ends_at)::BIGINT AS scheduled_seconds, /* Scheduled length */
  DATEDIFF(SECOND, booked_at, starts_at)::BIGINT AS booking_lead_seconds, /* From booking to the scheduled start */
  DATEDIFF(SECOND, cancelled_at, starts_at)::BIGINT AS cancellation_lead_seconds, /* From cancellation to the scheduled start */
  changed_at::TIMESTAMP AS changed_at /* When the app last changed the row, UTC */
FROM intermediate.int_scheduling__appointment
