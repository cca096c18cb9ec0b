MODEL (
  name core.wide_visit,
  kind VIEW,
  cron '@daily',
  owner analytics_engineering,
  grain appointment_id,
  references (account_id, clinic_id, provider_id, patient_key, appointment_type_id),
  tags ('layer=core', 'zone=restricted', 'phi=pseudonymous'),
  depends_on (
    intermediate.int_scheduling__appointment_change
  ),
  audits (
    unique_values(
      columns := appointment_id,
      condition := @arrived(intermediate.int_scheduling__appointment_change, appointment_id, DATEADD(DAY, -2, @execution_ts::TIMESTAMP))
    ),
    not_null(columns := appointment_id),
    not_null(
      columns := (provider_version_key, clinic_version_key, account_version_key, local_date),
      condition := starts_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)
    ),
    keeps_keys(key := appointment_id, parent := core.fct_appointment)
  ),
  description 'One row per appointment with what provider, clinic, account, patient and type were at its scheduled start: the star
joined once. Use it for: exploring visits inside the restricted zone, and for new questions before they become marts.
Not for: BI (marts_operations); for numbers that a mart has; it costs a join of all appointments that a filter on it leaves.
A view, and audited once a day, as one of its audits looks at every appointment.'
);

SELECT
  visit.appointment_id::BIGINT AS appointment_id, /* Appointment, natural key */
  visit.account_id::BIGINT AS account_id, /* Account that the clinic belongs to */
  visit.clinic_id::BIGINT AS clinic_id, /* Clinic of the visit */
  visit.provider_id::BIGINT AS provider_id, /* Provider of the visit */
  visit.patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  kind.appointment_type_id::BIGINT AS appointment_type_id, /* Type of the visit, -1 without one */
  provider.provider_version_key::BIGINT AS provider_version_key, /* Version of the provider at the start */
  clinic.clinic_version_key::BIGINT AS clinic_version_key, /* Version of the clinic at the start */
  account.account_version_key::BIGINT AS account_version_key, /* Version of the account at the start */
  visit.rescheduled_from_id::BIGINT AS rescheduled_from_id, /* Appointment that this one replaces */
  visit.starts_at::TIMESTAMP AS starts_at, /* Scheduled start, UTC */
  visit.ends_at::TIMESTAMP AS ends_at, /* Scheduled end, exclusive, UTC */
  @local_time(visit.starts_at, clinic.time_zone)::TIMESTAMP AS local_starts_at, /* Scheduled start on the clinic's wall clock */
  @local_time(visit.starts_at, clinic.time_zone)::DATE AS local_date, /* Day of the scheduled start in the clinic's time zone */
  visit.created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  visit.booked_at::TIMESTAMP AS booked_at, /* When it was booked, UTC */
  visit.arrived_at::TIMESTAMP AS arrived_at, /* When the patient arrived, UTC */
  visit.checked_in_at::TIMESTAMP AS checked_in_at, /* When the patient was checked in, UTC */
  visit.fulfilled_at::TIMESTAMP AS fulfilled_at, /* When the visit was done, UTC */
  visit.cancelled_at::TIMESTAMP AS cancelled_at, /* When it was cancelled, UTC */
  visit.status::VARCHAR AS status, /* FHIR appointment status */
  @visit_outcome(visit)::VARCHAR AS outcome, /* fulfilled, no_show, cancelled, rescheduled, attended or booked; NULL if never booked or in error */
  visit.cancellation_reason_code::VARCHAR AS cancellation_reason_code, /* pat, prov, rescheduled or other */
  @cancellation_notice(visit)::VARCHAR AS cancellation_notice, /* after_start, under_2_hours, 2_to_24_hours, 24_to_72_hours or over_72_hours */
  visit.is_telehealth::BOOLEAN AS is_telehealth, /* Whether the visit is remote */
  visit.is_deleted::BOOLEAN AS is_deleted, /* Whether it was deleted at the source */
  provider.provider_name::VARCHAR AS provider_name, /* Name of the provider */
  provider.specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code */
  provider.specialty_name::VARCHAR AS specialty_name, /* Specialty */
  provider.specialty_group::VARCHAR AS specialty_group, /* Group of specialties */
  provider.credential::VARCHAR AS credential, /* MD, DO, NP, PA ... */
  clinic.clinic_name::VARCHAR AS clinic_name, /* Clinic */
  clinic.region_code::VARCHAR AS region_code, /* Sales region of the clinic */
  clinic.country::VARCHAR AS clinic_country, /* ISO 3166 country of the clinic */
  clinic.time_zone::VARCHAR AS time_zone, /* IANA time zone of the clinic */
  account.account_name::VARCHAR AS account_name, /* Name of the account, an organisation */
  account.segment::VARCHAR AS segment, /* smb, mid_market or enterprise */
  account.plan_code::VARCHAR AS plan_code, /* Plan as the app knows it */
  kind.type_code::VARCHAR AS type_code, /* Code of the type */
  kind.type_name::VARCHAR AS type_name, /* Name of the type */
  patient.birth_year::INT AS birth_year, /* Year of the patient's birth; restricted */
  patient.sex::VARCHAR AS sex, /* Administrative sex as recorded */
  patient.primary_clinic_id::BIGINT AS primary_clinic_id, /* Clinic that the patient mostly visits */
  visit.scheduled_seconds::BIGINT AS scheduled_seconds, /* Scheduled length */
  visit.booking_lead_seconds::BIGINT AS booking_lead_seconds, /* From booking to the scheduled start */
  visit.cancellation_lead_seconds::BIGINT AS cancellation_lead_seconds, /* From cancellation to the scheduled start */
  visit.changed_at::TIMESTAMP AS changed_at /* When the app last changed the row, UTC */
FROM core.fct_appointment AS visit
JOIN core.dim_provider AS provider
  ON provider.provider_id = visit.provider_id AND @as_of(provider, visit.starts_at)
JOIN core.dim_clinic AS clinic
  ON clinic.clinic_id = visit.clinic_id AND @as_of(clinic, visit.starts_at)
JOIN core.dim_account AS account
  ON account.account_id = visit.account_id AND @as_of(account, visit.starts_at)
JOIN core.dim_patient AS patient
  ON patient.patient_key = visit.patient_key
JOIN core.dim_appointment_type AS kind
  ON kind.appointment_type_id = COALESCE(visit.appointment_type_id, -1)
