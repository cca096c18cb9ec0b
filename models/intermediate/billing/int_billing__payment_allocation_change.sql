MODEL (
  name intermediate.int_billing__payment_allocation_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  clustered_by (loaded_at::DATE, allocated_at::DATE),
  grain (payment_allocation_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (payment_allocation_id, commit_lsn, commit_seq)),
    not_null(columns := (payment_allocation_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of an allocation of a payment to an invoice, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__payment_allocation, payment_allocation_id, @start_ts, @end_ts)
)
SELECT
  arrived.payment_allocation_id::BIGINT AS payment_allocation_id, /* Allocation, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.payment_id::BIGINT AS payment_id, /* Payment that is applied */
  arrived.invoice_id::BIGINT AS invoice_id, /* Invoice that it is applied to */
  arrived.amount_minor::BIGINT AS amount_minor, /* Amount applied, minor units */
  arrived.allocated_at::TIMESTAMP AS allocated_at, /* When it was applied, UTC */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN payment_id IS NULL OR invoice_id IS NULL
    THEN 'missing_key'
    WHEN amount_minor IS NULL
    THEN 'missing_amount'
    WHEN amount_minor < 0
    THEN 'negative_amount'
    WHEN allocated_at IS NULL
    THEN 'missing_time'
    WHEN @implausible(allocated_at, committed_at)
    THEN 'implausible_date'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
