MODEL (
  name marts_operations.mart_backfill,
  kind VIEW,
  owner analytics_engineering,
  grain (provider_id, clinic_id, local_date),
  references (provider_id, clinic_id),
  tags ('layer=mart', 'subject=operations', 'cadence=half_hour'),
  audits (
    unique_combination_of_columns(columns := (provider_id, clinic_id, local_date)),
    not_null(columns := (provider_id, clinic_id, local_date, provider_name, clinic_name)),
    accepted_range(column := backfill_rate, min_v := 0, max_v := 1)
  ),
  description 'One row per provider, clinic and local day with cancelled time.
Answers: how much of the time that cancellations free is booked again, where a waiting list would pay.
Use it for: backfill rates; add minutes, then divide. Not for: averaging the rates; for days to come when comparing with days
that are over (is_period_complete): their time may still be booked.
Cancelled: time of cancelled appointments, as a union, without those that were rescheduled. Rebooked: what of it appointments
of the same provider and clinic take that were made after the cancellation and hold time (booked, arrived, checked-in,
fulfilled or noshow). One that was made earlier and moved there, or waited, is no backfill.'
);

SELECT
  day.provider_id::BIGINT AS provider_id, /* Provider */
  day.clinic_id::BIGINT AS clinic_id, /* Clinic */
  clinic.account_id::BIGINT AS account_id, /* Account that ran the clinic that day */
  day.local_date::DATE AS local_date, /* Day in the clinic's time zone */
  (
    day.day_ends_at <= watermark.complete_through
  )::BOOLEAN AS is_period_complete, /* Whether the day is over in data that has arrived */
  provider.provider_name::VARCHAR AS provider_name, /* Name of the provider */
  provider.specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code, as of the day */
  provider.specialty_name::VARCHAR AS specialty_name, /* Specialty, as of the day */
  clinic.clinic_name::VARCHAR AS clinic_name, /* Clinic, as of the day */
  clinic.region_code::VARCHAR AS region_code, /* Sales region of the clinic, as of the day */
  ROUND(day.cancelled_seconds / 60, 2)::DECIMAL(12, 2) AS cancelled_minutes, /* Minutes of cancelled appointments, each counted once */
  ROUND(day.rebooked_seconds / 60, 2)::DECIMAL(12, 2) AS rebooked_minutes, /* Of these, minutes that later bookings take */
  @ratio(day.rebooked_seconds, day.cancelled_seconds)::DECIMAL(9, 4) AS backfill_rate /* Rebooked by cancelled minutes */
FROM core.fct_freed_day AS day
JOIN core.dim_provider AS provider
  ON provider.provider_id = day.provider_id AND @as_of(provider, day.day_starts_at)
JOIN core.dim_clinic AS clinic
  ON clinic.clinic_id = day.clinic_id AND @as_of(clinic, day.day_starts_at)
JOIN core.watermark_scheduling AS watermark
  ON watermark.subject = 'appointment'
WHERE
  day.cancelled_seconds > 0
