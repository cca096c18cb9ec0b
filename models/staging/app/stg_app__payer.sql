MODEL (
  name staging.stg_app__payer,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of a payer in the app''s change log.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  payer_id::BIGINT AS payer_id, /* Payer, natural key */
  payer_code::VARCHAR AS payer_code, /* Code by which people call the payer */
  name::VARCHAR AS payer_name, /* Name of the payer, an organisation */
  kind::VARCHAR AS payer_kind, /* commercial, medicare, medicaid or self_pay */
  is_active::BOOLEAN AS is_active, /* Whether it can be billed */
  updated_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.billing__payers
