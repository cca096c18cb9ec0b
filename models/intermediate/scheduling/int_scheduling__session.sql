MODEL (
  name intermediate.int_scheduling__session,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (schedule_id, provider_id, clinic_id, local_date)
  ),
  owner data_engineering,
  grain (schedule_id, provider_id, clinic_id, local_date),
  tags (
    'layer=intermediate'
  ),
  audits (
    unique_combination_of_columns(columns := (schedule_id, provider_id, clinic_id, local_date), condition := settled_at BETWEEN @start_ts AND @end_ts),
    not_null(columns := (schedule_id, provider_id, clinic_id, local_date, is_deleted))
  ),
  description 'One row per session in which a template lets a provider be booked: a weekly template on one local day.
Days reach as far ahead as variable availability_horizon_days. Use it for: availability and slots. Not for: booked time.
Recomputed for the templates that changed, for clinics that changed, and for the day that comes into reach at midnight.'
);

WITH template AS (
  /* Templates that changed, themselves or by their clinic: every version, for days that a version no longer covers */
  SELECT
    logged.*
  FROM intermediate.int_scheduling__provider_schedule_change AS logged
  WHERE
    logged.fault_rule IS NULL
    AND logged.operation <> 'D'
    AND logged.loaded_at <= @audited_through(intermediate.int_scheduling__provider_schedule_change)
    AND logged.schedule_id IN (
      SELECT
        schedule_id
      FROM intermediate.int_scheduling__provider_schedule_change
      WHERE
        loaded_at BETWEEN @start_ts AND @end_ts
      UNION
      SELECT
        template.schedule_id
      FROM intermediate.int_directory__clinic_change AS clinic
      JOIN intermediate.int_scheduling__provider_schedule AS template
        USING (clinic_id)
      WHERE
        clinic.loaded_at BETWEEN @start_ts AND @end_ts
    )
), session_day AS (
  SELECT
    template.schedule_id,
    template.provider_id,
    template.clinic_id,
    day.calendar_date AS local_date
  FROM template
  JOIN reference.calendar_date AS day
    ON DAYOFWEEKISO(day.calendar_date) = template.iso_weekday
    AND day.calendar_date >= template.valid_from
    AND day.calendar_date < COALESCE(template.valid_to, '9999-12-31'::DATE)
    AND day.calendar_date <= DATEADD(DAY, @availability_horizon_days, @end_ts::TIMESTAMP)::DATE
  UNION
  SELECT
    template.schedule_id,
    template.provider_id,
    template.clinic_id,
    day.calendar_date AS local_date
  FROM intermediate.int_scheduling__provider_schedule AS template
  JOIN reference.calendar_date AS day
    ON DAYOFWEEKISO(day.calendar_date) = template.iso_weekday
    AND day.calendar_date >= template.valid_from
    AND day.calendar_date < COALESCE(template.valid_to, '9999-12-31'::DATE)
    AND day.calendar_date > DATEADD(DAY, @availability_horizon_days, DATEADD(SECOND, -1, @start_ts::TIMESTAMP))::DATE
    AND day.calendar_date <= DATEADD(DAY, @availability_horizon_days, @end_ts::TIMESTAMP)::DATE
  WHERE
    NOT template.is_deleted
)
SELECT
  session_day.schedule_id::BIGINT AS schedule_id, /* Template that the session comes from */
  session_day.provider_id::BIGINT AS provider_id, /* Provider who can be booked */
  session_day.clinic_id::BIGINT AS clinic_id, /* Clinic at which */
  session_day.local_date::DATE AS local_date, /* Day in the clinic's time zone */
  @utc_time(TIMESTAMP_FROM_PARTS(session_day.local_date, template.local_starts_at), clinic.time_zone)::TIMESTAMP AS starts_at, /* Start, UTC */
  @utc_time(
    TIMESTAMP_FROM_PARTS(
      IFF(template.local_ends_at = '00:00:00'::TIME, DATEADD(DAY, 1, session_day.local_date)::DATE, session_day.local_date),
      template.local_ends_at
    ),
    clinic.time_zone
  )::TIMESTAMP AS ends_at, /* End, exclusive, UTC */
  template.slot_minutes::INT AS slot_minutes, /* Length of a bookable slot, minutes */
  (
    template.schedule_id IS NULL OR clinic.clinic_id IS NULL
  )::BOOLEAN AS is_deleted, /* Whether the template no longer covers the day */
  @end_ts::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM session_day
LEFT JOIN intermediate.int_scheduling__provider_schedule AS template
  ON template.schedule_id = session_day.schedule_id
  AND template.provider_id = session_day.provider_id
  AND template.clinic_id = session_day.clinic_id
  AND template.iso_weekday = DAYOFWEEKISO(session_day.local_date)
  AND template.valid_from <= session_day.local_date
  AND session_day.local_date < COALESCE(template.valid_to, '9999-12-31'::DATE)
  AND NOT template.is_deleted
LEFT JOIN intermediate.int_directory__clinic AS clinic
  ON clinic.clinic_id = session_day.clinic_id
