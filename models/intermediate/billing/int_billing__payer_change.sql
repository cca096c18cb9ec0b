MODEL (
  name intermediate.int_billing__payer_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (payer_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (payer_id, commit_lsn, commit_seq)),
    not_null(columns := (payer_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a payer, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__payer, payer_id, @start_ts, @end_ts)
)
SELECT
  arrived.payer_id::BIGINT AS payer_id, /* Payer, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.payer_code::VARCHAR AS payer_code, /* Code by which people call the payer */
  arrived.payer_name::VARCHAR AS payer_name, /* Name of the payer, an organisation */
  arrived.payer_kind::VARCHAR AS payer_kind, /* commercial, medicare, medicaid or self_pay */
  arrived.is_active::BOOLEAN AS is_active, /* Whether it can be billed */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  NULL::VARCHAR AS fault_rule, /* Rule that the change breaks; none is defined */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
