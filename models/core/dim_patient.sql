MODEL (
  name core.dim_patient,
  kind VIEW,
  owner analytics_engineering,
  grain patient_key,
  tags ('layer=core', 'zone=restricted', 'phi=pseudonymous'),
  audits (unique_values(columns := patient_key), not_null(columns := patient_key)),
  description 'One row per patient under a pseudonym, without history (SCD type 1), and one for the unknown patient.
Use it for: counting and grouping patients inside the restricted zone. Not for: BI or release; see marts_deid.'
);

SELECT
  patient_key::BIGINT AS patient_key, /* Pseudonym of the patient; -1 for the unknown member */
  account_id::BIGINT AS account_id, /* Account that treats the patient */
  primary_clinic_id::BIGINT AS primary_clinic_id, /* Clinic that the patient mostly visits */
  birth_year::INT AS birth_year, /* Year of birth; restricted */
  sex::VARCHAR AS sex, /* Administrative sex as recorded */
  registered_at::TIMESTAMP AS registered_at, /* When the patient was registered, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM intermediate.int_patients__patient
UNION ALL
SELECT
  -1::BIGINT,
  NULL::BIGINT,
  NULL::BIGINT,
  NULL::INT,
  NULL::VARCHAR,
  NULL::TIMESTAMP,
  FALSE
