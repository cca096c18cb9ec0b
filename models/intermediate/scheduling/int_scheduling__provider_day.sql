MODEL (
  name intermediate.int_scheduling__provider_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (provider_id, clinic_id, local_date)
  ),
  owner data_engineering,
  clustered_by local_date,
  grain (provider_id, clinic_id, local_date),
  tags (
    'layer=intermediate'
  ),
  audits (
    unique_combination_of_columns(
      columns := (provider_id, clinic_id, local_date),
      condition := @touched(intermediate.int_scheduling__touched_day, (provider_id, clinic_id, local_date), @start_ts, @end_ts)
    ),
    minutes_balance(
      condition := @touched(intermediate.int_scheduling__touched_day, (provider_id, clinic_id, local_date), @start_ts, @end_ts)
    )
  ),
  description 'One row per provider, clinic and local day: bookable, available, booked and fulfilled time, each the union of
its intervals, clipped to the day. Use it for: core.fct_provider_day. Not for: analysis before its audits have passed.
Recomputed for touched days only: the cost is finding the appointments of those days.'
);

WITH day AS (
  @touched_days(intermediate.int_scheduling__touched_day, @start_ts, @end_ts)
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
), stretch AS (
  @stretches_of(span, (session, block, booked, fulfilled))
)
SELECT
  day.provider_id::BIGINT AS provider_id, /* Provider */
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  day.local_date::DATE AS local_date, /* Day in the clinic's time zone */
  day.day_starts_at::TIMESTAMP AS day_starts_at, /* First instant of the day, UTC */
  day.day_ends_at::TIMESTAMP AS day_ends_at, /* End of the day, exclusive, UTC */
  COALESCE(SUM(IFF(session > 0, seconds, 0)), 0)::BIGINT AS bookable_seconds, /* Time in sessions */
  COALESCE(SUM(IFF(session > 0 AND block = 0, seconds, 0)), 0)::BIGINT AS available_seconds, /* Time in sessions, not blocked */
  COALESCE(SUM(IFF(session > 0 AND block > 0, seconds, 0)), 0)::BIGINT AS blocked_seconds, /* Time in sessions, blocked */
  COALESCE(SUM(IFF(booked + fulfilled > 0, seconds, 0)), 0)::BIGINT AS booked_seconds, /* Time with at least one appointment */
  COALESCE(SUM(IFF(fulfilled > 0, seconds, 0)), 0)::BIGINT AS fulfilled_seconds, /* Time with at least one fulfilled appointment */
  COALESCE(SUM((
    booked + fulfilled
  ) * seconds), 0)::BIGINT AS load_seconds /* Time of appointments, double bookings counted twice */
FROM day
LEFT JOIN stretch
  USING (provider_id, clinic_id, local_date)
GROUP BY ALL
