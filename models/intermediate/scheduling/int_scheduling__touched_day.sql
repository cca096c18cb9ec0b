MODEL (
  name intermediate.int_scheduling__touched_day,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  grain (provider_id, clinic_id, local_date, touched_at),
  tags ('layer=intermediate'),
  depends_on (intermediate.int_scheduling__appointment),
  description 'One row per provider, clinic and local day whose numbers an interval''s changes may have moved.
Days are named for every version of what changed, so that the day that an appointment left is recomputed as well.
Use it for: bounding the recomputation of provider days. Not for: analysis.'
);

WITH appointment AS (
  SELECT appointment_id
  FROM intermediate.int_scheduling__appointment_change
  WHERE loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT appointment.appointment_id
  FROM intermediate.int_directory__clinic_change AS clinic
  JOIN intermediate.int_scheduling__appointment AS appointment USING (clinic_id)
  WHERE clinic.loaded_at BETWEEN @start_ts AND @end_ts
), block AS (
  SELECT provider_id, clinic_id, starts_at, ends_at
  FROM intermediate.int_scheduling__schedule_exception_change
  WHERE
    fault_rule IS NULL
    AND exception_id IN (
      SELECT exception_id
      FROM intermediate.int_scheduling__schedule_exception_change
      WHERE loaded_at BETWEEN @start_ts AND @end_ts
    )
  UNION ALL
  SELECT
    NULL AS provider_id,
    closure.clinic_id,
    @utc_time(closure.local_starts_at, clinic.time_zone) AS starts_at,
    @utc_time(closure.local_ends_at, clinic.time_zone) AS ends_at
  FROM intermediate.int_directory__clinic_closure_change AS closure
  JOIN intermediate.int_directory__clinic AS clinic USING (clinic_id)
  WHERE
    closure.fault_rule IS NULL
    AND closure.closure_id IN (
      SELECT closure_id
      FROM intermediate.int_directory__clinic_closure_change
      WHERE loaded_at BETWEEN @start_ts AND @end_ts
    )
), touched AS (
  SELECT provider_id, clinic_id, local_date
  FROM intermediate.int_scheduling__session
  WHERE settled_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT session.provider_id, session.clinic_id, session.local_date
  FROM block
  JOIN intermediate.int_scheduling__session AS session
    ON COALESCE(block.clinic_id, session.clinic_id) = session.clinic_id
    AND COALESCE(block.provider_id, session.provider_id) = session.provider_id
    AND session.starts_at < block.ends_at
    AND block.starts_at < session.ends_at
  UNION
  SELECT logged.provider_id, logged.clinic_id, day.calendar_date AS local_date
  FROM intermediate.int_scheduling__appointment_change AS logged
  JOIN appointment USING (appointment_id)
  JOIN intermediate.int_directory__clinic AS clinic ON clinic.clinic_id = logged.clinic_id
  JOIN reference.calendar_date AS day
    ON day.calendar_date BETWEEN @local_time(logged.starts_at, clinic.time_zone)::DATE
    AND @local_time(DATEADD('SECOND', -1, logged.ends_at), clinic.time_zone)::DATE
  WHERE logged.fault_rule IS NULL AND logged.operation <> 'D'
)
SELECT
  provider_id::BIGINT AS provider_id, -- Provider
  clinic_id::BIGINT AS clinic_id, -- Clinic
  local_date::DATE AS local_date, -- Day in the clinic's time zone
  @end_ts::TIMESTAMP AS touched_at -- End of the interval that touched the day, UTC
FROM touched
