MODEL (
  name core.fct_provider_month,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (provider_id, clinic_id, specialty_code, month_start)
  ),
  owner analytics_engineering,
  grain (provider_id, clinic_id, specialty_code, month_start),
  references (provider_id, clinic_id),
  tags ('layer=core', 'fact=periodic_snapshot'),
  depends_on (core.dim_clinic, core.dim_provider),
  audits (
    unique_combination_of_columns(
      columns := (provider_id, clinic_id, specialty_code, month_start),
      condition := @touched(intermediate.int_scheduling__touched_month, (provider_id, month_start), @start_ts, @end_ts)
    ),
    not_null(columns := (provider_id, clinic_id, specialty_code, month_start, month_starts_at, month_ends_at)),
    referential_integrity(references := (provider_id = core.dim_provider, clinic_id = core.dim_clinic))
  ),
  description 'One row per provider, clinic, specialty as of the days, and local month, a periodic snapshot: time and visits.
Use it for: performance of providers, by adding and dividing the sums; months can be added, save for patients, whom each
month counts anew. Not for: patients and their return before panel_complete_at. Months without anything have zeros.
Published once the audits of the intermediate model have passed; only touched months are written.'
);

WITH touched AS (
  SELECT DISTINCT
    provider_id,
    month_start
  FROM intermediate.int_scheduling__touched_month
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
)
SELECT
  month.provider_id::BIGINT AS provider_id, /* Provider */
  month.clinic_id::BIGINT AS clinic_id, /* Clinic */
  month.specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code as of the days, 'unknown' without one */
  month.month_start::DATE AS month_start, /* First day of the local month */
  month.month_starts_at::TIMESTAMP AS month_starts_at, /* First instant of the month, UTC */
  month.month_ends_at::TIMESTAMP AS month_ends_at, /* End of the month, exclusive, UTC */
  month.panel_complete_at::TIMESTAMP AS panel_complete_at, /* End of the days on which patients can return, exclusive, UTC */
  month.available_seconds::BIGINT AS available_seconds, /* Time in sessions, not blocked; NULL without a template */
  month.booked_seconds::BIGINT AS booked_seconds, /* Time with at least one appointment */
  month.fulfilled_seconds::BIGINT AS fulfilled_seconds, /* Time with at least one fulfilled appointment */
  month.fulfilled_count::BIGINT AS fulfilled_count, /* Visits done */
  month.visit_days::BIGINT AS visit_days, /* Days with a visit done */
  month.no_show_count::BIGINT AS no_show_count, /* The patient did not come */
  month.attended_unfinished_count::BIGINT AS attended_unfinished_count, /* The patient came, the end has passed, and nobody closed it */
  month.checked_in_count::BIGINT AS checked_in_count, /* Visits done whose check-in is known */
  month.on_time_count::BIGINT AS on_time_count, /* Of these, checked in by the scheduled start */
  month.panel_patients::BIGINT AS panel_patients, /* Patients with a visit done; 0 before panel_complete_at */
  month.returning_patients::BIGINT AS returning_patients /* Of these, who came again on one of the 90 days after a visit; 0 before panel_complete_at */
FROM touched
JOIN intermediate.int_scheduling__provider_month AS month
  USING (provider_id, month_start)
