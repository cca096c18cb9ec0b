MODEL (
  name core.fct_provider_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (provider_id, clinic_id, local_date)
  ),
  owner analytics_engineering,
  clustered_by local_date,
  grain (provider_id, clinic_id, local_date),
  references (provider_id, clinic_id),
  tags ('layer=core', 'fact=periodic_snapshot'),
  depends_on (core.dim_clinic, core.dim_provider),
  audits (
    unique_combination_of_columns(
      columns := (provider_id, clinic_id, local_date),
      condition := @touched(intermediate.int_scheduling__touched_day, (provider_id, clinic_id, local_date), @start_ts, @end_ts)
    ),
    not_null(columns := (provider_id, clinic_id, local_date, day_starts_at, day_ends_at)),
    referential_integrity(references := (provider_id = core.dim_provider, clinic_id = core.dim_clinic))
  ),
  description 'One row per provider, clinic and local day, a periodic snapshot: available, booked and fulfilled time and slots.
Use it for: utilization, by adding seconds and dividing the sums. Not for: averaging daily ratios; for single visits.
Published from intermediate models of the same grain once their audits have passed; only touched days are written.'
);

WITH touched AS (
  SELECT DISTINCT
    provider_id,
    clinic_id,
    local_date
  FROM intermediate.int_scheduling__touched_day
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
)
SELECT
  day.provider_id::BIGINT AS provider_id, /* Provider */
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  day.local_date::DATE AS local_date, /* Day in the clinic's time zone */
  day.day_starts_at::TIMESTAMP AS day_starts_at, /* First instant of the day, UTC */
  day.day_ends_at::TIMESTAMP AS day_ends_at, /* End of the day, exclusive, UTC */
  IFF(day.bookable_seconds = 0, NULL, day.available_seconds)::BIGINT AS available_seconds, /* Time in sessions, not blocked; NULL without a template */
  IFF(day.bookable_seconds = 0, NULL, day.blocked_seconds)::BIGINT AS blocked_seconds, /* Time in sessions, blocked; NULL without a template */
  day.booked_seconds::BIGINT AS booked_seconds, /* Time with at least one appointment */
  day.fulfilled_seconds::BIGINT AS fulfilled_seconds, /* Time with at least one fulfilled appointment */
  day.load_seconds::BIGINT AS load_seconds, /* Time of appointments, double bookings counted twice */
  IFF(day.bookable_seconds = 0, NULL, slot.available_slots)::BIGINT AS available_slots, /* Whole slots not blocked; NULL without a template */
  IFF(day.bookable_seconds = 0, NULL, slot.booked_slots)::BIGINT AS booked_slots /* Of these, slots that an appointment overlaps */
FROM touched
JOIN intermediate.int_scheduling__provider_day AS day
  USING (provider_id, clinic_id, local_date)
JOIN intermediate.int_scheduling__provider_day_slot AS slot
  USING (provider_id, clinic_id, local_date)
