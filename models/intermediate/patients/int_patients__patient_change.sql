MODEL (
  name intermediate.int_patients__patient_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (patient_key, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (patient_key, commit_lsn, commit_seq)),
    not_null(columns := (patient_key, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a patient, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__patient, patient_key, @start_ts, @end_ts)
)
SELECT
  arrived.patient_key::BIGINT AS patient_key, /* Pseudonym of the patient */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.account_id::BIGINT AS account_id, /* Account that treats the patient */
  arrived.primary_clinic_id::BIGINT AS primary_clinic_id, /* Clinic that the patient mostly visits */
  arrived.zip3::VARCHAR AS zip3, /* First three digits of the ZIP code where enough people live, else 000; NULL when not told */
  arrived.birth_date::DATE AS birth_date, /* Date of birth; stops before core */
  arrived.sex::VARCHAR AS sex, /* Administrative sex as recorded */
  arrived.registered_at::TIMESTAMP AS registered_at, /* When the patient was registered, UTC */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN NOT birth_date BETWEEN '1900-01-01'::DATE AND DATEADD(DAY, 1, committed_at)::DATE
    THEN 'implausible_birth_date'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
