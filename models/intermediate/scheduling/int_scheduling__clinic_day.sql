MODEL (
  name intermediate.int_scheduling__clinic_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (clinic_id, appointment_type_id, local_date)
  ),
  owner data_engineering,
  grain (clinic_id, appointment_type_id, local_date),
  tags (
    'layer=intermediate'
  ),
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
    outcomes_balance(
      condition := @touched(
        intermediate.int_scheduling__touched_visit,
        (clinic_id, appointment_type_id, local_date),
        @start_ts,
        @end_ts,
        (clinic_id, appointment_type_id, starts_on)
      )
    )
  ),
  description 'One row per clinic, appointment type and local day on which an appointment starts or once started: what became of them,
and how long before they were booked and cancelled. Use it for: core.fct_clinic_day. Not for: analysis before its audits
have passed. Recomputed for touched days of a type only: the cost is finding the appointments of those days.'
);

WITH place AS (
  SELECT DISTINCT
    touched.clinic_id,
    touched.appointment_type_id,
    touched.starts_on AS local_date,
    clinic.time_zone
  FROM intermediate.int_scheduling__touched_visit AS touched
  JOIN intermediate.int_directory__clinic AS clinic
    USING (clinic_id)
  WHERE
    touched.touched_at BETWEEN @start_ts AND @end_ts
), bound AS (
  @bounds_of(place)
), day AS (
  SELECT
    place.*,
    bound.day_starts_at,
    bound.day_ends_at
  FROM place
  JOIN bound
    ON bound.time_zone = place.time_zone AND bound.local_date = place.local_date
), visit AS (
  SELECT
    day.clinic_id,
    day.appointment_type_id,
    day.local_date,
    @visit_outcome(visit) AS outcome,
    NOT visit.status IN ('entered-in-error', 'proposed', 'pending', 'waitlist') AS is_booked,
    visit.ends_at <= DATEADD(MICROSECOND, 1, @audited_through(intermediate.int_scheduling__appointment_change)) AS is_past,
    visit.cancellation_reason_code AS reason,
    @cancellation_notice(visit) AS notice,
    DATEDIFF(MICROSECOND, visit.cancelled_at, visit.starts_at) AS cancellation_lead,
    DATEDIFF(MICROSECOND, visit.created_at, visit.starts_at) AS booking_lead
  FROM day
  JOIN intermediate.int_scheduling__appointment AS visit
    ON visit.clinic_id = day.clinic_id
    AND COALESCE(visit.appointment_type_id, -1) = day.appointment_type_id
    AND visit.starts_at >= day.day_starts_at
    AND visit.starts_at < day.day_ends_at
  WHERE
    NOT visit.is_deleted
)
SELECT
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  day.appointment_type_id::BIGINT AS appointment_type_id, /* Appointment type, -1 without one */
  day.local_date::DATE AS local_date, /* Day of the scheduled start in the clinic's time zone */
  day.day_starts_at::TIMESTAMP AS day_starts_at, /* First instant of the day, UTC */
  day.day_ends_at::TIMESTAMP AS day_ends_at, /* End of the day, exclusive, UTC */
  COUNT(IFF(is_booked AND outcome <> 'rescheduled', 1, NULL))::BIGINT AS scheduled_count, /* Appointments that held, or were to hold, a place in the book */
  COUNT(IFF(outcome = 'fulfilled', 1, NULL))::BIGINT AS fulfilled_count, /* Done */
  COUNT(IFF(outcome = 'no_show', 1, NULL))::BIGINT AS no_show_count, /* The patient did not come */
  COUNT(IFF(outcome = 'attended' AND is_past, 1, NULL))::BIGINT AS attended_unfinished_count, /* The patient came, the end has passed, and nobody closed it */
  COUNT(IFF(outcome = 'booked' OR (
    outcome = 'attended' AND NOT is_past
  ), 1, NULL))::BIGINT AS outstanding_count, /* Nothing told yet */
  COUNT(IFF(outcome = 'cancelled', 1, NULL))::BIGINT AS cancelled_count, /* Cancelled and not replaced */
  COUNT(IFF(outcome = 'cancelled' AND reason = 'pat', 1, NULL))::BIGINT AS cancelled_by_patient_count, /* Of these, by the patient */
  COUNT(IFF(outcome = 'cancelled' AND reason = 'prov', 1, NULL))::BIGINT AS cancelled_by_clinic_count, /* Of these, by the clinic */
  COUNT(IFF(outcome = 'cancelled' AND notice IN ('after_start', 'under_2_hours', '2_to_24_hours'), 1, NULL))::BIGINT AS late_cancelled_count, /* Of these, less than 24 hours before the start */
  COUNT(IFF(outcome = 'cancelled' AND notice = 'after_start', 1, NULL))::BIGINT AS cancelled_after_start_count, /* Of these, after the start: a data error */
  COUNT(IFF(outcome = 'cancelled' AND notice = 'under_2_hours', 1, NULL))::BIGINT AS cancelled_under_2_hours_count, /* Of these, up to 2 hours before */
  COUNT(IFF(outcome = 'cancelled' AND notice = '2_to_24_hours', 1, NULL))::BIGINT AS cancelled_2_to_24_hours_count, /* Of these, from 2 and less than 24 hours before */
  COUNT(IFF(outcome = 'cancelled' AND notice = '24_to_72_hours', 1, NULL))::BIGINT AS cancelled_24_to_72_hours_count, /* Of these, 24 to 72 hours before */
  COUNT(IFF(outcome = 'cancelled' AND notice = 'over_72_hours', 1, NULL))::BIGINT AS cancelled_over_72_hours_count, /* Of these, more than 72 hours before */
  COUNT(IFF(outcome = 'rescheduled', 1, NULL))::BIGINT AS rescheduled_count, /* Replaced by another appointment, not in the other counts */
  @hours(MEDIAN(IFF(outcome = 'cancelled' AND cancellation_lead >= 0, cancellation_lead, NULL)), 3600000000)::DECIMAL(12, 2) AS median_cancellation_lead_hours, /* From cancellation to start, of those cancelled before it */
  @hours(MEDIAN(IFF(is_booked AND outcome <> 'rescheduled', booking_lead, NULL)), 3600000000)::DECIMAL(12, 2) AS median_booking_lead_hours /* From the making of the appointment to its start, of scheduled ones */
FROM day
LEFT JOIN visit
  USING (clinic_id, appointment_type_id, local_date)
GROUP BY ALL
