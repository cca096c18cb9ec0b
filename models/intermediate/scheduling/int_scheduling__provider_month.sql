MODEL (
  name intermediate.int_scheduling__provider_month,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (provider_id, clinic_id, specialty_code, month_start)
  ),
  owner data_engineering,
  grain (provider_id, clinic_id, specialty_code, month_start),
  tags (
    'layer=intermediate'
  ),
  audits (
    unique_combination_of_columns(
      columns := (provider_id, clinic_id, specialty_code, month_start),
      condition := @touched(intermediate.int_scheduling__touched_month, (provider_id, month_start), @start_ts, @end_ts)
    ),
    months_add_up(day := intermediate.int_scheduling__provider_day, measure := available_seconds),
    months_add_up(day := intermediate.int_scheduling__provider_day, measure := booked_seconds),
    months_add_up(day := intermediate.int_scheduling__provider_day, measure := fulfilled_seconds),
    months_add_up(day := intermediate.int_scheduling__provider_visit_day, measure := fulfilled_count),
    months_add_up(day := intermediate.int_scheduling__provider_visit_day, measure := no_show_count)
  ),
  description 'One row per provider, clinic, specialty and local month: the sums of the days on which the provider had the specialty.
A specialty that the provider''s log tells of and that holds on no day of the month has zeros, so that days which change
specialty leave nothing behind. Use it for: core.fct_provider_month. Not for: analysis before its audits have passed.
Recomputed for touched months of a provider, from days: the cost is some thirty rows a month.'
);

WITH touched AS (
  SELECT DISTINCT
    provider_id,
    month_start
  FROM intermediate.int_scheduling__touched_month
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), day AS (
  SELECT
    day.provider_id,
    day.clinic_id,
    touched.month_start,
    COALESCE(version.specialty_code, 'unknown') AS specialty_code,
    IFF(day.bookable_seconds = 0, NULL, day.available_seconds) AS available_seconds,
    day.booked_seconds,
    day.fulfilled_seconds,
    visit.fulfilled_count,
    visit.no_show_count,
    visit.attended_unfinished_count,
    visit.checked_in_count,
    visit.on_time_count,
    panel.panel_patients,
    panel.returning_patients
  FROM touched
  JOIN intermediate.int_scheduling__provider_day AS day
    ON day.provider_id = touched.provider_id AND DATE_TRUNC('MONTH', day.local_date) = touched.month_start
  LEFT JOIN intermediate.int_directory__provider_version AS version
    ON version.provider_id = day.provider_id AND @as_of(version, day.day_starts_at)
  LEFT JOIN intermediate.int_scheduling__provider_visit_day AS visit
    ON visit.provider_id = day.provider_id AND visit.clinic_id = day.clinic_id AND visit.local_date = day.local_date
  LEFT JOIN intermediate.int_scheduling__panel_day AS panel
    ON panel.provider_id = day.provider_id AND panel.clinic_id = day.clinic_id AND panel.local_date = day.local_date
), member AS (
  SELECT
    provider_id,
    clinic_id,
    month_start,
    specialty_code
  FROM day
  UNION
  SELECT
    day.provider_id,
    day.clinic_id,
    day.month_start,
    COALESCE(logged.specialty_code, 'unknown') AS specialty_code
  FROM day
  JOIN intermediate.int_directory__provider_change AS logged
    ON logged.provider_id = day.provider_id AND logged.fault_rule IS NULL AND logged.operation <> 'D'
), bound AS (
  @month_bounds(member)
)
SELECT
  member.provider_id::BIGINT AS provider_id, /* Provider */
  member.clinic_id::BIGINT AS clinic_id, /* Clinic */
  member.specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code as of the days, 'unknown' without one */
  member.month_start::DATE AS month_start, /* First day of the local month */
  bound.month_starts_at::TIMESTAMP AS month_starts_at, /* First instant of the month, UTC */
  bound.month_ends_at::TIMESTAMP AS month_ends_at, /* End of the month, exclusive, UTC */
  bound.panel_complete_at::TIMESTAMP AS panel_complete_at, /* End of the days on which patients can return, exclusive, UTC */
  SUM(day.available_seconds)::BIGINT AS available_seconds, /* Time in sessions, not blocked; NULL without a template */
  COALESCE(SUM(day.booked_seconds), 0)::BIGINT AS booked_seconds, /* Time with at least one appointment */
  COALESCE(SUM(day.fulfilled_seconds), 0)::BIGINT AS fulfilled_seconds, /* Time with at least one fulfilled appointment */
  COALESCE(SUM(day.fulfilled_count), 0)::BIGINT AS fulfilled_count, /* Visits done */
  COUNT(IFF(day.fulfilled_count > 0, 1, NULL))::BIGINT AS visit_days, /* Days with a visit done */
  COALESCE(SUM(day.no_show_count), 0)::BIGINT AS no_show_count, /* The patient did not come */
  COALESCE(SUM(day.attended_unfinished_count), 0)::BIGINT AS attended_unfinished_count, /* The patient came, the end has passed, and nobody closed it */
  COALESCE(SUM(day.checked_in_count), 0)::BIGINT AS checked_in_count, /* Visits done whose check-in is known */
  COALESCE(SUM(day.on_time_count), 0)::BIGINT AS on_time_count, /* Of these, checked in by the scheduled start */
  COALESCE(SUM(day.panel_patients), 0)::BIGINT AS panel_patients, /* Patients with a visit done; 0 before panel_complete_at */
  COALESCE(SUM(day.returning_patients), 0)::BIGINT AS returning_patients /* Of these, who came again; 0 before panel_complete_at */
FROM member
JOIN bound
  ON bound.clinic_id = member.clinic_id AND bound.month_start = member.month_start
LEFT JOIN day
  USING (provider_id, clinic_id, specialty_code, month_start)
GROUP BY ALL
