MODEL (
  name core.fct_clinic_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (clinic_id, appointment_type_id, local_date)
  ),
  owner analytics_engineering,
  grain (clinic_id, appointment_type_id, local_date),
  references (clinic_id, appointment_type_id),
  tags ('layer=core', 'fact=periodic_snapshot'),
  depends_on (core.dim_appointment_type, core.dim_clinic),
  audits (
    unique_combination_of_columns(
      columns := (clinic_id, appointment_type_id, local_date),
      condition := @touched(
        intermediate.int_scheduling__touched_visit,
        (clinic_id, appointment_type_id, local_date),
        @start_ts,
        @end_ts,
        (clinic_id, appointment_type_id, starts_on)
      )
    ),
    not_null(columns := (clinic_id, appointment_type_id, local_date, day_starts_at, day_ends_at)),
    referential_integrity(references := (clinic_id = core.dim_clinic, appointment_type_id = core.dim_appointment_type))
  ),
  description 'One row per clinic, appointment type and local day of the scheduled start, a periodic snapshot: what became of the
appointments, and the medians of their lead times. Use it for: no-show and cancellation rates, by adding counts and
dividing the sums. Not for: adding or averaging medians. A day that appointments have left stays, with zeros.
Published once the audits of the intermediate model have passed; only touched days are written.'
);

WITH touched AS (
  SELECT DISTINCT
    clinic_id,
    appointment_type_id,
    starts_on AS local_date
  FROM intermediate.int_scheduling__touched_visit
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
)
SELECT
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  day.appointment_type_id::BIGINT AS appointment_type_id, /* Appointment type, -1 without one */
  day.local_date::DATE AS local_date, /* Day of the scheduled start in the clinic's time zone */
  day.day_starts_at::TIMESTAMP AS day_starts_at, /* First instant of the day, UTC */
  day.day_ends_at::TIMESTAMP AS day_ends_at, /* End of the day, exclusive, UTC */
  day.scheduled_count::BIGINT AS scheduled_count, /* Appointments that held, or were to hold, a place in the book */
  day.fulfilled_count::BIGINT AS fulfilled_count, /* Done */
  day.no_show_count::BIGINT AS no_show_count, /* The patient did not come */
  day.attended_unfinished_count::BIGINT AS attended_unfinished_count, /* The patient came, the end has passed, and nobody closed it */
  day.outstanding_count::BIGINT AS outstanding_count, /* Nothing told yet */
  day.cancelled_count::BIGINT AS cancelled_count, /* Cancelled and not replaced */
  day.cancelled_by_patient_count::BIGINT AS cancelled_by_patient_count, /* Of these, by the patient */
  day.cancelled_by_clinic_count::BIGINT AS cancelled_by_clinic_count, /* Of these, by the clinic */
  day.late_cancelled_count::BIGINT AS late_cancelled_count, /* Of these, less than 24 hours before the start */
  day.cancelled_after_start_count::BIGINT AS cancelled_after_start_count, /* Of these, after the start: a data error */
  day.cancelled_under_2_hours_count::BIGINT AS cancelled_under_2_hours_count, /* Of these, up to 2 hours before */
  day.cancelled_2_to_24_hours_count::BIGINT AS cancelled_2_to_24_hours_count, /* Of these, from 2 and less than 24 hours before */
  day.cancelled_24_to_72_hours_count::BIGINT AS cancelled_24_to_72_hours_count, /* Of these, 24 to 72 hours before */
  day.cancelled_over_72_hours_count::BIGINT AS cancelled_over_72_hours_count, /* Of these, more than 72 hours before */
  day.rescheduled_count::BIGINT AS rescheduled_count, /* Replaced by another appointment, not in the other counts */
  day.median_cancellation_lead_hours::DECIMAL(12, 2) AS median_cancellation_lead_hours, /* From cancellation to start, of those cancelled before it */
  day.median_booking_lead_hours::DECIMAL(12, 2) AS median_booking_lead_hours /* From the making of the appointment to its start, of scheduled ones */
FROM touched
JOIN intermediate.int_scheduling__clinic_day AS day
  USING (clinic_id, appointment_type_id, local_date)
