MODEL (
  name intermediate.int_scheduling__touched_day,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  grain (provider_id, clinic_id, local_date, touched_at),
  tags (
    'layer=intermediate'
  ),
  description 'One row per provider, clinic and local day whose numbers an interval''s changes may have moved: by a session, a
block or an appointment, in any of its versions. Use it for: bounding the recomputation of provider days. Not for: analysis.
Grows by what arrives.'
);

WITH block AS (
  SELECT
    provider_id,
    clinic_id,
    starts_at,
    ends_at
  FROM intermediate.int_scheduling__schedule_exception_change
  WHERE
    fault_rule IS NULL
    AND exception_id IN (
      SELECT
        exception_id
      FROM intermediate.int_scheduling__schedule_exception_change
      WHERE
        loaded_at BETWEEN @start_ts AND @end_ts
    )
), closure AS (
  SELECT
    logged.clinic_id,
    @utc_time(logged.local_starts_at, clinic.time_zone) AS starts_at,
    @utc_time(logged.local_ends_at, clinic.time_zone) AS ends_at
  FROM intermediate.int_directory__clinic_closure_change AS logged
  JOIN intermediate.int_directory__clinic AS clinic
    USING (clinic_id)
  WHERE
    logged.fault_rule IS NULL
    AND logged.closure_id IN (
      SELECT
        closure_id
      FROM intermediate.int_directory__clinic_closure_change
      WHERE
        loaded_at BETWEEN @start_ts AND @end_ts
    )
), touched AS (
  SELECT
    provider_id,
    clinic_id,
    local_date
  FROM intermediate.int_scheduling__session
  WHERE
    settled_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    session.provider_id,
    session.clinic_id,
    session.local_date
  FROM block
  JOIN intermediate.int_scheduling__session AS session
    ON session.provider_id = block.provider_id
    AND session.clinic_id = COALESCE(block.clinic_id, session.clinic_id)
    AND session.starts_at < block.ends_at
    AND block.starts_at < session.ends_at
  UNION
  SELECT
    session.provider_id,
    session.clinic_id,
    session.local_date
  FROM closure
  JOIN intermediate.int_scheduling__session AS session
    ON session.clinic_id = closure.clinic_id AND session.starts_at < closure.ends_at AND closure.starts_at < session.ends_at
  UNION
  SELECT
    provider_id,
    clinic_id,
    local_date
  FROM intermediate.int_scheduling__touched_visit_day
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
)
SELECT
  provider_id::BIGINT AS provider_id, /* Provider */
  clinic_id::BIGINT AS clinic_id, /* Clinic */
  local_date::DATE AS local_date, /* Day in the clinic's time zone */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched the day, UTC */
FROM touched
