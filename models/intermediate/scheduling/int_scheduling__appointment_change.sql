MODEL (
  name intermediate.int_scheduling__appointment_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  clustered_by (loaded_at::DATE, starts_at::DATE),
  grain (appointment_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (appointment_id, commit_lsn, commit_seq)),
    not_null(columns := (appointment_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of an appointment, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__appointment, appointment_id, @start_ts, @end_ts)
)
SELECT
  arrived.appointment_id::BIGINT AS appointment_id, /* Appointment, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.account_id::BIGINT AS account_id, /* Account that the clinic belongs to */
  arrived.clinic_id::BIGINT AS clinic_id, /* Clinic of the visit */
  arrived.provider_id::BIGINT AS provider_id, /* Provider of the visit */
  arrived.patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  arrived.appointment_type_id::BIGINT AS appointment_type_id, /* Type of the visit */
  arrived.status::VARCHAR AS status, /* FHIR appointment status */
  arrived.starts_at::TIMESTAMP AS starts_at, /* Scheduled start, UTC */
  arrived.ends_at::TIMESTAMP AS ends_at, /* Scheduled end, exclusive, UTC */
  arrived.booked_at::TIMESTAMP AS booked_at, /* When it was booked, UTC */
  arrived.arrived_at::TIMESTAMP AS arrived_at, /* When the patient arrived, UTC */
  arrived.checked_in_at::TIMESTAMP AS checked_in_at, /* When the patient was checked in, UTC */
  arrived.fulfilled_at::TIMESTAMP AS fulfilled_at, /* When the visit was done, UTC */
  arrived.cancelled_at::TIMESTAMP AS cancelled_at, /* When it was cancelled, UTC */
  arrived.cancellation_reason_code::VARCHAR AS cancellation_reason_code, /* pat, prov, rescheduled or other */
  arrived.rescheduled_from_id::BIGINT AS rescheduled_from_id, /* Appointment that this one replaces */
  arrived.is_telehealth::BOOLEAN AS is_telehealth, /* Whether the visit is remote */
  arrived.created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN arrived.clinic_id IS NULL OR arrived.provider_id IS NULL OR arrived.patient_key IS NULL
    THEN 'missing_key'
    WHEN arrived.starts_at IS NULL OR arrived.ends_at IS NULL
    THEN 'missing_time'
    WHEN NOT COALESCE(status, '') IN (
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
    )
    THEN 'unknown_status'
    WHEN ends_at <= starts_at
    THEN 'ends_not_after_start'
    WHEN ends_at > DATEADD(HOUR, 24, starts_at)
    THEN 'implausible_length'
    WHEN @implausible(starts_at, committed_at)
    THEN 'implausible_date'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
