MODEL (
  name core.fct_visit_demographic,
  kind VIEW,
  owner analytics_engineering,
  cron '@daily',
  grain appointment_id,
  references (appointment_id, clinic_id, provider_id, patient_key),
  tags ('layer=core', 'zone=restricted', 'fact=transaction', 'flow=follows', 'phi=pseudonymous'),
  depends_on (
    core.dim_clinic,
    core.dim_patient,
    core.dim_provider,
    core.fct_appointment,
    intermediate.int_scheduling__appointment_change
  ),
  audits (
    unique_values(
      columns := appointment_id,
      condition := @arrived(intermediate.int_scheduling__appointment_change, appointment_id, DATEADD(DAY, -2, @execution_ts::TIMESTAMP))
    ),
    not_null(columns := appointment_id),
    not_null(
      columns := (clinic_id, provider_id, patient_key, visit_year),
      condition := starts_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)
    ),
    referential_integrity(references := (
      patient_key = core.dim_patient
    ), condition := starts_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)),
    accepted_range(column := age_at_visit, min_v := 0, max_v := 90, condition := starts_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)),
    referential_integrity(
      references := (appointment_id = core.fct_appointment, clinic_id = core.dim_clinic, provider_id = core.dim_provider),
      condition := starts_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP),
      blocking := FALSE
    )
  ),
  description 'One row per fulfilled visit, with what may be told of the patient''s age and place at the visit.
Use it for: visits by age and area; the Safe Harbor product. Not for: visits that did not take place (fct_appointment).
A view over current state, so a corrected birth date changes ages of earlier visits; it costs a join of all fulfilled visits.
Audits look at the visits of the last week, as local times are dear; that of keys at what arrived.'
);

WITH visit AS (
  SELECT
    visit.appointment_id,
    visit.clinic_id,
    visit.provider_id,
    visit.patient_key,
    visit.starts_at,
    @local_time(visit.starts_at, clinic.time_zone) AS local_starts_at,
    patient.zip3,
    patient.birth_date
  FROM intermediate.int_scheduling__appointment AS visit
  JOIN intermediate.int_directory__clinic AS clinic
    USING (clinic_id)
  LEFT JOIN intermediate.int_patients__patient AS patient
    USING (patient_key)
  WHERE
    visit.status = 'fulfilled' AND NOT visit.is_deleted
)
SELECT
  appointment_id::BIGINT AS appointment_id, /* Appointment, natural key */
  clinic_id::BIGINT AS clinic_id, /* Clinic of the visit */
  provider_id::BIGINT AS provider_id, /* Provider of the visit */
  patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  starts_at::TIMESTAMP AS starts_at, /* Scheduled start, UTC */
  local_starts_at::DATE AS local_date, /* Day of the visit in the clinic's time zone */
  DATE_PART('year', local_starts_at)::INT AS visit_year, /* Year of the visit in the clinic's time zone */
  zip3::VARCHAR AS zip3, /* First three digits of the patient's ZIP code where enough people live, else 000; NULL when not told */
  @age_at(birth_date, local_starts_at::DATE)::INT AS age_at_visit /* Completed years on the day of the visit, 90 for 90 and over; NULL when not known */
FROM visit
