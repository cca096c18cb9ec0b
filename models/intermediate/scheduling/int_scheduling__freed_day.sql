MODEL (
  name intermediate.int_scheduling__freed_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (provider_id, clinic_id, local_date)
  ),
  owner data_engineering,
  grain (provider_id, clinic_id, local_date),
  tags (
    'layer=intermediate'
  ),
  audits (
    unique_combination_of_columns(
      columns := (provider_id, clinic_id, local_date),
      condition := @touched(intermediate.int_scheduling__touched_visit_day, (provider_id, clinic_id, local_date), @start_ts, @end_ts)
    ),
    freed_balance(
      condition := @touched(intermediate.int_scheduling__touched_visit_day, (provider_id, clinic_id, local_date), @start_ts, @end_ts)
    )
  ),
  description 'One row per provider, clinic and local day that an appointment lies or lay on: time that cancellations freed, and how
much of it was booked again, each the union of its intervals, clipped to the day. Use it for: core.fct_freed_day.
Not for: analysis before its audits have passed. Recomputed for touched days only: the cost is finding their appointments.'
);

WITH day AS (
  @touched_days(intermediate.int_scheduling__touched_visit_day, @start_ts, @end_ts)
), cancellation AS (
  @cancellations_of(day)
), visit AS (
  @visits_of(day)
), span AS (
  SELECT
    provider_id,
    clinic_id,
    local_date,
    day_starts_at,
    day_ends_at,
    starts_at,
    ends_at,
    'cancelled' AS kind
  FROM cancellation
  UNION ALL
  /* What a later booking takes of the time that a cancellation freed; three spans of which each two meet all meet */
  SELECT
    visit.provider_id,
    visit.clinic_id,
    visit.local_date,
    visit.day_starts_at,
    visit.day_ends_at,
    GREATEST(cancellation.starts_at, visit.starts_at) AS starts_at,
    LEAST(cancellation.ends_at, visit.ends_at) AS ends_at,
    'rebooked' AS kind
  FROM cancellation
  JOIN visit
    ON visit.provider_id = cancellation.provider_id
    AND visit.clinic_id = cancellation.clinic_id
    AND visit.local_date = cancellation.local_date
    AND visit.created_at > cancellation.cancelled_at
    AND visit.starts_at < cancellation.ends_at
    AND cancellation.starts_at < visit.ends_at
), stretch AS (
  @stretches_of(span, (cancelled, rebooked))
)
SELECT
  day.provider_id::BIGINT AS provider_id, /* Provider */
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  day.local_date::DATE AS local_date, /* Day in the clinic's time zone */
  day.day_starts_at::TIMESTAMP AS day_starts_at, /* First instant of the day, UTC */
  day.day_ends_at::TIMESTAMP AS day_ends_at, /* End of the day, exclusive, UTC */
  COALESCE(SUM(IFF(cancelled > 0, seconds, 0)), 0)::BIGINT AS cancelled_seconds, /* Time of cancelled appointments, without rescheduled ones */
  COALESCE(SUM(IFF(rebooked > 0, seconds, 0)), 0)::BIGINT AS rebooked_seconds /* Of this, time that an appointment made after the cancellation takes */
FROM day
LEFT JOIN stretch
  USING (provider_id, clinic_id, local_date)
GROUP BY ALL
