MODEL (
  name intermediate.int_scheduling__touched_visit_day,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  grain (provider_id, clinic_id, local_date, touched_at),
  tags (
    'layer=intermediate'
  ),
  description 'One row per provider, clinic and local day on which a version of an appointment lies that an interval changed, or
whose clinic it changed. Use it for: int_scheduling__touched_day. Not for: analysis.
Every version counts, so that the day that an appointment left is recomputed as well.'
);

WITH changed AS (
  SELECT
    appointment_id
  FROM intermediate.int_scheduling__appointment_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    appointment.appointment_id
  FROM intermediate.int_directory__clinic_change AS clinic
  JOIN intermediate.int_scheduling__appointment AS appointment
    USING (clinic_id)
  WHERE
    clinic.loaded_at BETWEEN @start_ts AND @end_ts
), visit AS (
  SELECT
    logged.provider_id,
    logged.clinic_id,
    logged.starts_at,
    logged.ends_at,
    clinic.time_zone
  FROM intermediate.int_scheduling__appointment_change AS logged
  JOIN changed
    USING (appointment_id)
  JOIN intermediate.int_directory__clinic AS clinic
    ON clinic.clinic_id = logged.clinic_id
  WHERE
    logged.fault_rule IS NULL AND logged.operation <> 'D'
), touched AS (
  /* An appointment is at most a day long (rule implausible_length): it lies on the days of its start and of its end */
  SELECT
    provider_id,
    clinic_id,
    @local_time(starts_at, time_zone)::DATE AS local_date
  FROM visit
  UNION
  SELECT
    provider_id,
    clinic_id,
    @local_time(DATEADD(SECOND, -1, ends_at), time_zone)::DATE AS local_date
  FROM visit
)
SELECT
  provider_id::BIGINT AS provider_id, /* Provider */
  clinic_id::BIGINT AS clinic_id, /* Clinic */
  local_date::DATE AS local_date, /* Day in the clinic's time zone */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched the day, UTC */
FROM touched
