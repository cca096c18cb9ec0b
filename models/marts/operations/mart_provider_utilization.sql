MODEL (
  name marts_operations.mart_provider_utilization,
  kind VIEW,
  owner analytics_engineering,
  grain (provider_id, clinic_id, local_date),
  references (provider_id, clinic_id),
  tags ('layer=mart', 'subject=operations', 'cadence=half_hour'),
  audits (
    unique_combination_of_columns(
      columns := (provider_id, clinic_id, local_date),
      condition := local_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE
    ),
    not_null(
      columns := (provider_id, clinic_id, local_date, provider_name, clinic_name),
      condition := local_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE
    ),
    accepted_range(column := booked_minutes, min_v := 0, condition := local_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE),
    accepted_range(column := fulfilled_minutes, min_v := 0, condition := local_date >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)::DATE)
  ),
  description 'One row per provider, clinic and local day on which the provider had a template or an appointment.
Answers: how full are providers, where is time left, how much of the booked time was fulfilled. Attributes are as of the start
of the day. Use it for: utilization; add minutes, then divide. Not for: averaging the ratios; for days that are not over when
comparing with days that are (is_period_complete).
Booked: status booked, arrived, checked-in, fulfilled or noshow, as a union, so that a double booking counts once.'
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
  ROUND(day.available_seconds / 60, 2)::DECIMAL(12, 2) AS available_minutes, /* Template minutes less closures, time off and blocks; NULL without a template */
  ROUND(day.booked_seconds / 60, 2)::DECIMAL(12, 2) AS booked_minutes, /* Minutes with at least one appointment that holds time */
  ROUND(day.fulfilled_seconds / 60, 2)::DECIMAL(12, 2) AS fulfilled_minutes, /* Minutes with at least one fulfilled appointment */
  ROUND(day.load_seconds / 60, 2)::DECIMAL(12, 2) AS load_minutes, /* Minutes of appointments, double bookings counted twice */
  day.available_slots::BIGINT AS available_slots, /* Bookable slots; NULL without a template */
  day.booked_slots::BIGINT AS booked_slots, /* Of these, slots that an appointment overlaps */
  @ratio(day.booked_seconds, day.available_seconds)::DECIMAL(9, 4) AS booked_utilization, /* Booked by available minutes; above 1 when booked outside sessions */
  @ratio(day.fulfilled_seconds, day.available_seconds)::DECIMAL(9, 4) AS realised_utilization, /* Fulfilled by available minutes */
  @ratio(day.booked_slots, day.available_slots)::DECIMAL(9, 4) AS fill_rate /* Booked by available slots */
FROM core.fct_provider_day AS day
JOIN core.dim_provider AS provider
  ON provider.provider_id = day.provider_id AND @as_of(provider, day.day_starts_at)
JOIN core.dim_clinic AS clinic
  ON clinic.clinic_id = day.clinic_id AND @as_of(clinic, day.day_starts_at)
JOIN core.watermark_scheduling AS watermark
  ON watermark.subject = 'appointment'
WHERE
  NOT day.available_seconds IS NULL OR day.booked_seconds > 0
