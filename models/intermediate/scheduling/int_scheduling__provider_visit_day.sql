MODEL (
  name intermediate.int_scheduling__provider_visit_day,
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
    visits_balance(
      condition := @touched(intermediate.int_scheduling__touched_visit_day, (provider_id, clinic_id, local_date), @start_ts, @end_ts)
    )
  ),
  description 'One row per provider, clinic and local day that an appointment lies or lay on: what became of those that start on it.
Use it for: adding up months. Not for: minutes (int_scheduling__provider_day). A day that appointments have left stays, with
zeros. Recomputed for touched days only: the cost is finding the appointments of those days.'
);

WITH day AS (
  @touched_days(intermediate.int_scheduling__touched_visit_day, @start_ts, @end_ts)
), visit AS (
  SELECT
    day.provider_id,
    day.clinic_id,
    day.local_date,
    @visit_outcome(visit) AS outcome,
    visit.ends_at <= DATEADD(MICROSECOND, 1, @audited_through(intermediate.int_scheduling__appointment_change)) AS is_past,
    visit.checked_in_at,
    visit.starts_at
  FROM day
  JOIN intermediate.int_scheduling__appointment AS visit
    ON visit.provider_id = day.provider_id
    AND visit.clinic_id = day.clinic_id
    AND visit.starts_at >= day.day_starts_at
    AND visit.starts_at < day.day_ends_at
  WHERE
    NOT visit.is_deleted
)
SELECT
  day.provider_id::BIGINT AS provider_id, /* Provider */
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  day.local_date::DATE AS local_date, /* Day of the scheduled start in the clinic's time zone */
  day.day_starts_at::TIMESTAMP AS day_starts_at, /* First instant of the day, UTC */
  COUNT(IFF(outcome = 'fulfilled', 1, NULL))::BIGINT AS fulfilled_count, /* Visits done */
  COUNT(IFF(outcome = 'no_show', 1, NULL))::BIGINT AS no_show_count, /* The patient did not come */
  COUNT(IFF(outcome = 'attended' AND is_past, 1, NULL))::BIGINT AS attended_unfinished_count, /* The patient came, the end has passed, and nobody closed it */
  COUNT(IFF(outcome = 'fulfilled' AND NOT checked_in_at IS NULL, 1, NULL))::BIGINT AS checked_in_count, /* Visits done whose check-in is known */
  COUNT(IFF(outcome = 'fulfilled' AND checked_in_at <= starts_at, 1, NULL))::BIGINT AS on_time_count /* Of these, checked in by the scheduled start */
FROM day
LEFT JOIN visit
  USING (provider_id, clinic_id, local_date)
GROUP BY ALL
