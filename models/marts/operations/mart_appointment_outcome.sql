MODEL (
  name marts_operations.mart_appointment_outcome,
  kind VIEW,
  owner analytics_engineering,
  grain (clinic_id, appointment_type_id, local_date),
  references (clinic_id, appointment_type_id),
  tags ('layer=mart', 'subject=operations', 'cadence=half_hour'),
  audits (
    unique_combination_of_columns(
      columns := (clinic_id, appointment_type_id, local_date),
      condition := local_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE
    ),
    not_null(
      columns := (clinic_id, appointment_type_id, local_date, clinic_name, type_name),
      condition := local_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE
    ),
    accepted_range(column := no_show_rate, min_v := 0, max_v := 1, condition := local_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE),
    accepted_range(
      column := cancellation_rate,
      min_v := 0,
      max_v := 1,
      condition := local_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE
    )
  ),
  description 'One row per clinic, appointment type and local day on which an appointment was scheduled or rescheduled away from.
Answers: how many patients do not come, cancel, or cancel too late to fill the place; who cancels; how far ahead they book.
Use it for: no-show, cancellation and late-cancellation rates; add counts, then divide. Not for: averaging rates or
medians; for days that are not over when comparing with days that are (is_period_complete).
No-show rate: no-shows by all who were to come and did not cancel (fulfilled, no-show, attended and not closed). Cancellation
rates: by scheduled, which leaves out what was only asked for, waits, was entered in error, deleted or rescheduled.
Late: less than 24 hours before the start, also after it. Lead times: of cancellations before the start.'
);

SELECT
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  day.appointment_type_id::BIGINT AS appointment_type_id, /* Appointment type, -1 without one */
  clinic.account_id::BIGINT AS account_id, /* Account that ran the clinic that day */
  day.local_date::DATE AS local_date, /* Day of the scheduled start in the clinic's time zone */
  (
    day.day_ends_at <= watermark.complete_through
  )::BOOLEAN AS is_period_complete, /* Whether the day is over in data that has arrived */
  clinic.clinic_name::VARCHAR AS clinic_name, /* Clinic, as of the day */
  clinic.region_code::VARCHAR AS region_code, /* Sales region of the clinic, as of the day */
  kind.type_name::VARCHAR AS type_name, /* Name of the appointment type */
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
  @ratio(day.no_show_count, day.fulfilled_count + day.no_show_count + day.attended_unfinished_count)::DECIMAL(9, 4) AS no_show_rate, /* No-shows by fulfilled, no-show, and attended and not closed */
  @ratio(day.cancelled_count, day.scheduled_count)::DECIMAL(9, 4) AS cancellation_rate, /* Cancelled by scheduled */
  @ratio(day.late_cancelled_count, day.scheduled_count)::DECIMAL(9, 4) AS late_cancel_rate, /* Cancelled late by scheduled */
  day.median_cancellation_lead_hours::DECIMAL(12, 2) AS median_cancellation_lead_hours, /* From cancellation to start, of those cancelled before it */
  day.median_booking_lead_hours::DECIMAL(12, 2) AS median_booking_lead_hours /* From the making of the appointment to its start, of scheduled ones */
FROM core.fct_clinic_day AS day
JOIN core.dim_clinic AS clinic
  ON clinic.clinic_id = day.clinic_id AND @as_of(clinic, day.day_starts_at)
JOIN core.dim_appointment_type AS kind
  ON kind.appointment_type_id = day.appointment_type_id
JOIN core.watermark_scheduling AS watermark
  ON watermark.subject = 'appointment'
WHERE
  day.scheduled_count > 0 OR day.rescheduled_count > 0
