MODEL (
  name marts_operations.mart_third_next_available,
  kind VIEW,
  owner analytics_engineering,
  grain (provider_id, clinic_id),
  references (provider_id, clinic_id),
  tags ('layer=mart', 'subject=operations', 'cadence=half_hour'),
  audits (
    unique_combination_of_columns(columns := (provider_id, clinic_id)),
    not_null(columns := (provider_id, clinic_id, as_of, as_of_date, provider_name, clinic_name, open_slots)),
    accepted_range(column := days_until, min_v := 1)
  ),
  description 'One row per provider and clinic with a session on a coming day: the day of the third slot that is still open, counted
from the next local day on. Answers: how long does a patient wait for an appointment; the third, because the first two are
often places that someone has just given back. Use it for: access to care now; compare days_until. Not for: its course
over time; the view shows the present.
An open slot is a bookable slot that no appointment overlaps. Sessions are known for availability_horizon_days; with fewer than
three open slots until then the day is NULL. Costs the provider days to come, whatever the history.'
);

WITH open_day AS (
  SELECT
    day.provider_id,
    day.clinic_id,
    day.local_date,
    day.day_starts_at,
    watermark.complete_through,
    day.available_slots - day.booked_slots AS open_slots,
    SUM(day.available_slots - day.booked_slots) OVER (PARTITION BY day.provider_id, day.clinic_id ORDER BY day.local_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS open_slots_until
  FROM core.fct_provider_day AS day
  JOIN core.watermark_scheduling AS watermark
    ON watermark.subject = 'appointment' AND day.day_starts_at >= watermark.complete_through
  WHERE
    NOT day.available_slots IS NULL
), wait AS (
  SELECT
    provider_id,
    clinic_id,
    complete_through,
    SUM(open_slots) AS open_slots,
    MIN(IFF(open_slots_until >= 1, local_date, NULL)) AS next_date,
    MIN(IFF(open_slots_until >= 3, local_date, NULL)) AS third_next_date
  FROM open_day
  GROUP BY
    provider_id,
    clinic_id,
    complete_through
)
SELECT
  wait.provider_id::BIGINT AS provider_id, /* Provider */
  wait.clinic_id::BIGINT AS clinic_id, /* Clinic */
  clinic.account_id::BIGINT AS account_id, /* Account that runs the clinic */
  wait.complete_through::TIMESTAMP AS as_of, /* End of the data that has arrived, exclusive, UTC */
  @local_time(DATEADD(MICROSECOND, -1, wait.complete_through), clinic.time_zone)::DATE AS as_of_date, /* Local day of the last of that data */
  wait.next_date::DATE AS next_available_date, /* Local day of the first open slot; NULL without one */
  wait.third_next_date::DATE AS third_next_available_date, /* Local day of the third open slot; NULL with fewer than three */
  provider.provider_name::VARCHAR AS provider_name, /* Name of the provider */
  provider.specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code, as of now */
  provider.specialty_name::VARCHAR AS specialty_name, /* Specialty, as of now */
  clinic.clinic_name::VARCHAR AS clinic_name, /* Clinic, as of now */
  clinic.region_code::VARCHAR AS region_code, /* Sales region of the clinic, as of now */
  wait.open_slots::BIGINT AS open_slots, /* Open slots of all coming days with a known session */
  DATEDIFF(DAY, as_of_date, third_next_available_date)::INT AS days_until /* Days from as_of_date to the third open slot; NULL with fewer than three */
FROM wait
JOIN core.dim_provider AS provider
  ON provider.provider_id = wait.provider_id AND @as_of(provider, wait.complete_through)
JOIN core.dim_clinic AS clinic
  ON clinic.clinic_id = wait.clinic_id AND @as_of(clinic, wait.complete_through)
