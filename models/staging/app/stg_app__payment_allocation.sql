MODEL (
  name staging.stg_app__payment_allocation,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of an allocation of a payment to an invoice in the app''s change log.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  payment_allocation_id::BIGINT AS payment_allocation_id, /* Allocation, natural key */
  payment_id::BIGINT AS payment_id, /* Payment that is applied */
  invoice_id::BIGINT AS invoice_id, /* Invoice that it is applied to */
  amount_minor::BIGINT AS amount_minor, /* Amount applied, minor units */
  allocated_at::TIMESTAMP AS allocated_at, /* When it was applied, UTC */
  updated_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.billing__payment_allocations
