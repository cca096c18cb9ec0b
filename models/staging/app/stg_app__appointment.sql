MODEL (
  name staging.stg_app__appointment,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=pseudonymous'),
  description 'One row per change of an appointment, in the words of the app''s change log, the patient pseudonymous.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones. Free text stays in raw.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  appointment_id::BIGINT AS appointment_id, /* Appointment, natural key */
  account_id::BIGINT AS account_id, /* Account that the clinic belongs to */
  clinic_id::BIGINT AS clinic_id, /* Clinic of the visit */
  provider_id::BIGINT AS provider_id, /* Provider of the visit */
  @patient_key(patient_id)::BIGINT AS patient_key, /* Pseudonym of the patient */
  appointment_type_id::BIGINT AS appointment_type_id, /* Type of the visit */
  status::VARCHAR AS status, /* FHIR appointment status */
  starts_at::TIMESTAMP AS starts_at, /* Scheduled start, UTC */
  ends_at::TIMESTAMP AS ends_at, /* Scheduled end, exclusive, UTC */
  booked_at::TIMESTAMP AS booked_at, /* When it was booked, UTC */
  arrived_at::TIMESTAMP AS arrived_at, /* When the patient arrived, UTC */
  checked_in_at::TIMESTAMP AS checked_in_at, /* When the patient was checked in, UTC */
  fulfilled_at::TIMESTAMP AS fulfilled_at, /* When the visit was done, UTC */
  cancelled_at::TIMESTAMP AS cancelled_at, /* When it was cancelled, UTC */
  cancellation_reason_code::VARCHAR AS cancellation_reason_code, /* pat, prov, rescheduled or other */
  rescheduled_from_id::BIGINT AS rescheduled_from_id, /* Appointment that this one replaces */
  is_telehealth::BOOLEAN AS is_telehealth, /* Whether the visit is remote */
  created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  updated_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.scheduling__appointments
