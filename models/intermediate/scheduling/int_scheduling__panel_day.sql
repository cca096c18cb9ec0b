MODEL (
  name intermediate.int_scheduling__panel_day,
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
      condition := @touched(intermediate.int_scheduling__touched_panel, provider_id, @start_ts, @end_ts)
    ),
    panel_balance(condition := @touched(intermediate.int_scheduling__touched_panel, provider_id, @start_ts, @end_ts))
  ),
  description 'One row per provider, clinic and local day of a month whose 90 days of return are over: patients who on that day have
their first fulfilled visit of the month under the specialty of the day, and how many of them came again. Counted on one
day each, so that a month is the sum of its days. Use it for: adding up months. Not for: months that are still followed.
Recomputed for touched months of a provider: the cost is finding the provider''s visits of those months and the 90 days after.'
);

WITH touched AS (
  SELECT DISTINCT
    provider_id,
    month_start
  FROM intermediate.int_scheduling__touched_panel
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), day AS (
  SELECT
    day.provider_id,
    day.clinic_id,
    day.local_date,
    touched.month_start,
    COALESCE(version.specialty_code, 'unknown') AS specialty_code
  FROM intermediate.int_scheduling__provider_visit_day AS day
  JOIN touched
    ON touched.provider_id = day.provider_id AND touched.month_start = DATE_TRUNC('MONTH', day.local_date)
  LEFT JOIN intermediate.int_directory__provider_version AS version
    ON version.provider_id = day.provider_id AND @as_of(version, day.day_starts_at)
), reach AS (
  SELECT
    provider_id,
    MIN(month_start) AS first_on,
    MAX(@last_return_on(month_start)) AS last_on
  FROM day
  GROUP BY
    provider_id
), attended AS (
  SELECT
    appointment.provider_id,
    appointment.clinic_id,
    appointment.patient_key,
    clinic.time_zone,
    appointment.starts_at
  FROM intermediate.int_scheduling__appointment AS appointment
  JOIN reach
    ON reach.provider_id = appointment.provider_id
    AND appointment.starts_at >= DATEADD(DAY, -1, reach.first_on)
    AND appointment.starts_at < DATEADD(DAY, 2, reach.last_on)
  JOIN intermediate.int_directory__clinic AS clinic
    ON clinic.clinic_id = appointment.clinic_id
  WHERE
    appointment.status = 'fulfilled' AND NOT appointment.is_deleted
), visit AS (
  SELECT DISTINCT
    provider_id,
    clinic_id,
    patient_key,
    local_date
  FROM (
    @dated(attended, starts_at, local_date)
  )
), seen AS (
  SELECT
    provider_id,
    patient_key,
    local_date,
    LEAD(local_date) OVER (PARTITION BY provider_id, patient_key ORDER BY local_date) AS next_date
  FROM visit
  GROUP BY
    provider_id,
    patient_key,
    local_date
), newcomer AS (
  SELECT
    visit.provider_id,
    visit.clinic_id,
    visit.local_date,
    seen.next_date <= @return_by(visit.local_date) AS has_returned
  FROM visit
  JOIN day
    USING (provider_id, clinic_id, local_date)
  JOIN seen
    USING (provider_id, patient_key, local_date)
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY visit.provider_id, visit.clinic_id, visit.patient_key, day.month_start, day.specialty_code
      ORDER BY visit.local_date
    ) = 1
)
SELECT
  day.provider_id::BIGINT AS provider_id, /* Provider */
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  day.local_date::DATE AS local_date, /* Day in the clinic's time zone */
  COUNT(IFF(NOT newcomer.provider_id IS NULL, 1, NULL))::BIGINT AS panel_patients, /* Patients whose first fulfilled visit of the month this is */
  COUNT(IFF(newcomer.has_returned, 1, NULL))::BIGINT AS returning_patients /* Of these, who saw the provider again on one of the 90 days that followed */
FROM day
LEFT JOIN newcomer
  USING (provider_id, clinic_id, local_date)
GROUP BY ALL
