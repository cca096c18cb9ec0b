MODEL (
  name staging.stg_app__clinic,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of a clinic in the app''s change log. Street and telephone stay in raw.
Use it for: the audited batch. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  clinic_id::BIGINT AS clinic_id, /* Clinic, natural key */
  account_id::BIGINT AS account_id, /* Account that runs the clinic */
  clinic_code::VARCHAR AS clinic_code, /* Code by which people call the clinic */
  name::VARCHAR AS clinic_name, /* Name of the clinic */
  region_code::VARCHAR AS region_code, /* Sales region */
  time_zone::VARCHAR AS time_zone, /* IANA time zone */
  city::VARCHAR AS city, /* City of the clinic */
  state_code::VARCHAR AS state_code, /* State or province */
  country::VARCHAR AS country, /* ISO 3166 country */
  opened_on::DATE AS opened_on, /* First day of business, local */
  closed_on::DATE AS closed_on, /* Day from which the clinic is closed for good, local */
  created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  IFF(_op IN ('D', 'T'), _commit_ts, updated_at)::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete or truncate its commit, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.directory__clinics
