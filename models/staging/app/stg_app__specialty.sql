MODEL (
  name staging.stg_app__specialty,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of a specialty in the app''s change log.
Use it for: names of specialties. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code, natural key */
  name::VARCHAR AS specialty_name, /* Name of the specialty */
  grouping::VARCHAR AS specialty_group, /* Group of specialties */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.directory__specialties
