MODEL (
  name staging.stg_app__provider,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of a provider in the app''s change log. E-mail stays in raw.
Use it for: the audited batch. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  provider_id::BIGINT AS provider_id, /* Provider, natural key */
  account_id::BIGINT AS account_id, /* Account that employs the provider */
  home_clinic_id::BIGINT AS home_clinic_id, /* Clinic that the provider mostly works at */
  npi::VARCHAR AS npi, /* National Provider Identifier, public */
  (
    first_name || ' ' || last_name
  )::VARCHAR AS provider_name, /* Name of the provider, a professional, not a patient */
  specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code */
  credential::VARCHAR AS credential, /* MD, DO, NP, PA ... */
  hired_on::DATE AS hired_on, /* First day of work */
  terminated_on::DATE AS terminated_on, /* Day from which the provider no longer works there */
  created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  IFF(_op IN ('D', 'T'), _commit_ts, updated_at)::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete or truncate its commit, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.directory__providers
