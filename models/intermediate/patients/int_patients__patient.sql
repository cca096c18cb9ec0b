MODEL (
  name intermediate.int_patients__patient,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key patient_key
  ),
  owner data_engineering,
  grain patient_key,
  tags ('layer=intermediate', 'phi=pseudonymous'),
  audits (unique_values(columns := patient_key), not_null(columns := (patient_key, account_id))),
  description 'One row per patient, pseudonymous, as last told by the source; deleted ones stay, flagged.
Use it for: core.dim_patient. Not for: history; patients have none here. Recomputed for the patients that changed.'
);

WITH touched AS (
  SELECT DISTINCT
    patient_key
  FROM intermediate.int_patients__patient_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  account_id::BIGINT AS account_id, /* Account that treats the patient */
  primary_clinic_id::BIGINT AS primary_clinic_id, /* Clinic that the patient mostly visits */
  zip3::VARCHAR AS zip3, /* First three digits of the ZIP code where enough people live, else 000; NULL when not told */
  birth_date::DATE AS birth_date, /* Date of birth; stops before core */
  sex::VARCHAR AS sex, /* Administrative sex as recorded */
  registered_at::TIMESTAMP AS registered_at, /* When the patient was registered, UTC */
  is_deleted::BOOLEAN AS is_deleted, /* Whether it was deleted at the source */
  changed_at::TIMESTAMP AS changed_at /* When the app last changed the row, UTC */
FROM (
  @latest_image(intermediate.int_patients__patient_change, patient_key, touched)
)
