MODEL (
  name staging.stg_app__patient,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=pseudonymous'),
  description 'One row per change of a patient in the app''s change log, pseudonymous: no name, contact, number or address.
Use it for: the audited batch. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  @patient_key(patient_id)::BIGINT AS patient_key, /* Pseudonym of the patient */
  account_id::BIGINT AS account_id, /* Account that treats the patient */
  primary_clinic_id::BIGINT AS primary_clinic_id, /* Clinic that the patient mostly visits */
  @zip3(postal_code, state_code)::VARCHAR AS zip3, /* First three digits of the ZIP code where enough people live, else 000; NULL when not told */
  birth_date::DATE AS birth_date, /* Date of birth; stops before core, where only an age or a pooled year is shown */
  sex::VARCHAR AS sex, /* Administrative sex as recorded */
  created_at::TIMESTAMP AS registered_at, /* When the patient was registered, UTC */
  IFF(_op IN ('D', 'T'), _commit_ts, updated_at)::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete or truncate its commit, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.patients__patients
