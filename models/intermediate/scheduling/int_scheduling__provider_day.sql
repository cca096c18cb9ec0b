MODEL (
  name intermediate.int_scheduling__provider_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (provider_id, clinic_id, local_date)
  ),
  owner data_engineering,
  grain (provider_id, clinic_id, local_date),
  tags (
    'layer=intermediate'
  ),
  audits (unique_combination_of_columns(columns := (provider_id, clinic_id, local_date)), minutes_balance),
  description 'One row per provider, clinic and local day: bookable, available, booked and fulfilled time, each the union of
its intervals, clipped to the day. Use it for: core.fct_provider_day. Not for: analysis before its audits have passed.
Recomputed for touched days only: the cost is finding the appointments of those days.'
);

WITH day AS (
  @touched_days(@start_ts, @end_ts)
), span AS (
  SELECT
    provider_id,
    clinic_id,
    local_date,
    day_starts_at,
    day_ends_at,
    starts_at,
    ends_at,
    'session' AS kind
  FROM (
    @sessions_of(day)
  )
  UNION ALL
  SELECT
    provider_id,
    clinic_id,
    local_date,
    day_starts_at,
    day_ends_at,
    starts_at,
    ends_at,
    'block' AS kind
  FROM (
    @blocks_of(day)
  )
  UNION ALL
  SELECT
    provider_id,
    clinic_id,
    local_date,
    day_starts_at,
    day_ends_at,
    starts_at,
    ends_at,
    IFF(status = 'fulfilled', 'fulfilled', 'booked') AS kind
  FROM (
    @visits_of(day)
  )
), edge AS (
  SELECT
    provider_id,
    clinic_id,
    local_date,
    GREATEST(starts_at, day_starts_at) AS at,
    kind,
    1 AS step
  FROM span
  UNION ALL
  SELECT
    provider_id,
    clinic_id,
    local_date,
    LEAST(ends_at, day_ends_at) AS at,
    kind,
    -1 AS step
  FROM span
), level AS (
  /* Edges at one instant taken together; from each instant to the next nothing changes */
  SELECT
    provider_id,
    clinic_id,
    local_date,
    at,
    SUM(IFF(kind = 'session', step, 0)) AS bookable,
    SUM(IFF(kind = 'block', step, 0)) AS blocked,
    SUM(IFF(kind IN ('booked', 'fulfilled'), step, 0)) AS booked,
    SUM(IFF(kind = 'fulfilled', step, 0)) AS fulfilled
  FROM edge
  GROUP BY ALL
), stretch AS (
  SELECT
    provider_id,
    clinic_id,
    local_date,
    DATEDIFF(SECOND, at, LEAD(at) OVER (PARTITION BY provider_id, clinic_id, local_date ORDER BY at)) AS seconds,
    SUM(bookable) OVER (PARTITION BY provider_id, clinic_id, local_date ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) > 0 AS is_bookable,
    SUM(blocked) OVER (PARTITION BY provider_id, clinic_id, local_date ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) > 0 AS is_blocked,
    SUM(booked) OVER (PARTITION BY provider_id, clinic_id, local_date ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS depth,
    SUM(fulfilled) OVER (PARTITION BY provider_id, clinic_id, local_date ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) > 0 AS is_fulfilled
  FROM level
)
SELECT
  day.provider_id::BIGINT AS provider_id, /* Provider */
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  day.local_date::DATE AS local_date, /* Day in the clinic's time zone */
  day.day_starts_at::TIMESTAMP AS day_starts_at, /* First instant of the day, UTC */
  day.day_ends_at::TIMESTAMP AS day_ends_at, /* End of the day, exclusive, UTC */
  COALESCE(SUM(IFF(is_bookable, seconds, 0)), 0)::BIGINT AS bookable_seconds, /* Time in sessions */
  COALESCE(SUM(IFF(is_bookable AND NOT is_blocked, seconds, 0)), 0)::BIGINT AS available_seconds, /* Time in sessions, not blocked */
  COALESCE(SUM(IFF(is_bookable AND is_blocked, seconds, 0)), 0)::BIGINT AS blocked_seconds, /* Time in sessions, blocked */
  COALESCE(SUM(IFF(depth > 0, seconds, 0)), 0)::BIGINT AS booked_seconds, /* Time with at least one appointment */
  COALESCE(SUM(IFF(is_fulfilled, seconds, 0)), 0)::BIGINT AS fulfilled_seconds, /* Time with at least one fulfilled appointment */
  COALESCE(SUM(depth * seconds), 0)::BIGINT AS load_seconds /* Time of appointments, double bookings counted twice */
FROM day
LEFT JOIN stretch
  USING (provider_id, clinic_id, local_date)
GROUP BY ALL
