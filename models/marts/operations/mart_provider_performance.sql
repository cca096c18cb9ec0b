MODEL (
  name marts_operations.mart_provider_performance,
  kind VIEW,
  owner analytics_engineering,
  grain (provider_id, clinic_id, specialty_code, month_start),
  references (provider_id, clinic_id),
  tags ('layer=mart', 'subject=operations', 'cadence=half_hour'),
  audits (
    unique_combination_of_columns(columns := (provider_id, clinic_id, specialty_code, month_start)),
    not_null(columns := (provider_id, clinic_id, specialty_code, month_start, provider_name, clinic_name)),
    accepted_range(column := no_show_rate, min_v := 0, max_v := 1),
    accepted_range(column := on_time_rate, min_v := 0, max_v := 1),
    accepted_range(column := return_rate, min_v := 0, max_v := 1)
  ),
  description 'One row per provider, clinic, specialty and local month with a template, booked time or a visit.
Answers: how much of their time do providers spend with patients, how many come, come on time, come again.
Use it for: comparing providers of a specialty, with the counts beside each rate; add counts, then divide. Not for: averaging
rates; for months that are not over (is_period_complete): their available time includes days to come.
The specialty is that of the start of each local day, so that a provider who changed it in the month has two rows; names and
region are those of the start of the month. Visits: fulfilled. On time: checked in by the scheduled start. A patient returns
who has another fulfilled visit with the provider, at any clinic, on one of the 90 local days that follow a visit of the
month; NULL until those days are over for the whole month.'
);

SELECT
  month.provider_id::BIGINT AS provider_id, /* Provider */
  month.clinic_id::BIGINT AS clinic_id, /* Clinic */
  month.specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code as of the days, 'unknown' without one */
  clinic.account_id::BIGINT AS account_id, /* Account that ran the clinic */
  month.month_start::DATE AS month_start, /* First day of the local month */
  (
    month.month_ends_at <= watermark.complete_through
  )::BOOLEAN AS is_period_complete, /* Whether the month is over in data that has arrived */
  provider.provider_name::VARCHAR AS provider_name, /* Name of the provider */
  COALESCE(specialty.specialty_name, 'Unknown')::VARCHAR AS specialty_name, /* Name of the specialty */
  clinic.clinic_name::VARCHAR AS clinic_name, /* Clinic */
  clinic.region_code::VARCHAR AS region_code, /* Sales region of the clinic */
  @hours(month.available_seconds, 3600)::DECIMAL(12, 2) AS available_hours, /* Template hours less closures, time off and blocks; NULL without a template */
  @hours(month.booked_seconds, 3600)::DECIMAL(12, 2) AS booked_hours, /* Hours with at least one appointment that holds time */
  @hours(month.fulfilled_seconds, 3600)::DECIMAL(12, 2) AS fulfilled_hours, /* Hours with at least one fulfilled appointment */
  @ratio(month.fulfilled_seconds, month.available_seconds)::DECIMAL(9, 4) AS realised_utilization, /* Fulfilled by available time */
  month.fulfilled_count::BIGINT AS visit_count, /* Visits done */
  month.visit_days::BIGINT AS visit_days, /* Days with a visit done */
  @ratio(month.fulfilled_count, month.visit_days)::DECIMAL(9, 4) AS visits_per_day, /* Visits by days with a visit */
  month.no_show_count::BIGINT AS no_show_count, /* The patient did not come */
  month.attended_unfinished_count::BIGINT AS attended_unfinished_count, /* The patient came, the end has passed, and nobody closed it */
  @ratio(month.no_show_count, month.fulfilled_count + month.no_show_count + month.attended_unfinished_count)::DECIMAL(9, 4) AS no_show_rate, /* No-shows by visits, no-shows, and attended and not closed */
  month.checked_in_count::BIGINT AS checked_in_count, /* Visits whose check-in is known */
  month.on_time_count::BIGINT AS on_time_count, /* Of these, checked in by the scheduled start */
  @ratio(month.on_time_count, month.checked_in_count)::DECIMAL(9, 4) AS on_time_rate, /* On time by checked in */
  IFF(month.panel_complete_at <= watermark.complete_through, month.panel_patients, NULL)::BIGINT AS panel_patients, /* Patients with a visit; NULL until all could return */
  IFF(month.panel_complete_at <= watermark.complete_through, month.returning_patients, NULL)::BIGINT AS returning_patients, /* Of these, who came again; NULL until all could */
  IFF(month.panel_complete_at <= watermark.complete_through, @ratio(month.returning_patients, month.panel_patients), NULL)::DECIMAL(9, 4) AS return_rate /* Returning by all patients; NULL until all could return */
FROM core.fct_provider_month AS month
JOIN core.dim_provider AS provider
  ON provider.provider_id = month.provider_id AND @as_of(provider, month.month_starts_at)
JOIN core.dim_clinic AS clinic
  ON clinic.clinic_id = month.clinic_id AND @as_of(clinic, month.month_starts_at)
LEFT JOIN (
  SELECT DISTINCT
    specialty_code,
    specialty_name
  FROM core.dim_provider
) AS specialty
  ON specialty.specialty_code = month.specialty_code
JOIN core.watermark_scheduling AS watermark
  ON watermark.subject = 'appointment'
WHERE
  NOT month.available_seconds IS NULL
  OR month.booked_seconds > 0
  OR month.fulfilled_count + month.no_show_count + month.attended_unfinished_count > 0
