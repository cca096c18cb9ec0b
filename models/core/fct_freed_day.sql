MODEL (
  name core.fct_freed_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (provider_id, clinic_id, local_date)
  ),
  owner analytics_engineering,
  grain (provider_id, clinic_id, local_date),
  references (provider_id, clinic_id),
  tags ('layer=core', 'fact=periodic_snapshot'),
  depends_on (core.dim_clinic, core.dim_provider),
  audits (
    unique_combination_of_columns(
      columns := (provider_id, clinic_id, local_date),
      condition := @touched(intermediate.int_scheduling__touched_visit_day, (provider_id, clinic_id, local_date), @start_ts, @end_ts)
    ),
    not_null(columns := (provider_id, clinic_id, local_date, day_starts_at, day_ends_at)),
    referential_integrity(references := (provider_id = core.dim_provider, clinic_id = core.dim_clinic))
  ),
  description 'One row per provider, clinic and local day that appointments lie or lay on, a periodic snapshot: time that cancellations
freed, and how much of it was booked again. Use it for: backfill rates, by adding seconds and dividing the sums.
Not for: counting cancellations (fct_clinic_day). Days without cancellations have zeros.
Published once the audits of the intermediate model have passed; only touched days are written.'
);

WITH touched AS (
  SELECT DISTINCT
    provider_id,
    clinic_id,
    local_date
  FROM intermediate.int_scheduling__touched_visit_day
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
)
SELECT
  day.provider_id::BIGINT AS provider_id, /* Provider */
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  day.local_date::DATE AS local_date, /* Day in the clinic's time zone */
  day.day_starts_at::TIMESTAMP AS day_starts_at, /* First instant of the day, UTC */
  day.day_ends_at::TIMESTAMP AS day_ends_at, /* End of the day, exclusive, UTC */
  day.cancelled_seconds::BIGINT AS cancelled_seconds, /* Time of cancelled appointments, without rescheduled ones */
  day.rebooked_seconds::BIGINT AS rebooked_seconds /* Of this, time that an appointment made after the cancellation takes */
FROM touched
JOIN intermediate.int_scheduling__freed_day AS day
  USING (provider_id, clinic_id, local_date)
