MODEL (
  name core.dim_patient,
  kind VIEW,
  owner analytics_engineering,
  grain patient_key,
  tags ('layer=core', 'zone=restricted', 'phi=pseudonymous'),
  audits (unique_values(columns := patient_key), not_null(columns := patient_key)),
  description 'One row per patient under a pseudonym, without history (SCD type 1), one for the unknown patient and one for all whom
the warehouse was told to forget. A patient whose changes are all in quarantine is there without attributes, so that visits are
not lost.
Use it for: counting and grouping patients inside the restricted zone. Not for: age at a visit (fct_visit_demographic); BI or release (marts_deid).'
);

SELECT
  patient_key::BIGINT AS patient_key, /* Pseudonym of the patient; -1 for the unknown member, -2 for erased patients */
  account_id::BIGINT AS account_id, /* Account that treats the patient */
  primary_clinic_id::BIGINT AS primary_clinic_id, /* Clinic that the patient mostly visits */
  zip3::VARCHAR AS zip3, /* First three digits of the ZIP code where enough people live, else 000; NULL when not told */
  @pooled_birth_year(birth_date, CURRENT_DATE)::INT AS birth_year, /* Year of birth; NULL when not known, or when it would show an age of 90 or over */
  sex::VARCHAR AS sex, /* Administrative sex as recorded */
  registered_at::TIMESTAMP AS registered_at, /* When the patient was registered, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM intermediate.int_patients__patient
UNION ALL
SELECT
  unknown.patient_key::BIGINT,
  NULL::BIGINT,
  NULL::BIGINT,
  NULL::VARCHAR,
  NULL::INT,
  NULL::VARCHAR,
  NULL::TIMESTAMP,
  FALSE
FROM (
  @unknown_members(intermediate.int_patients__patient_change, patient_key, intermediate.int_patients__patient, -2)
) AS unknown
