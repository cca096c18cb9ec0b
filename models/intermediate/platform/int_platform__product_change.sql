MODEL (
  name intermediate.int_platform__product_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (product_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (product_id, commit_lsn, commit_seq)),
    not_null(columns := (product_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a product that Northstar sells through Stripe, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  arrived.product_id::VARCHAR AS product_id, /* Product, natural key */
  arrived.operation::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  arrived.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC; of a listed one when it was listed */
  arrived.product_name::VARCHAR AS product_name, /* Name of the product */
  arrived.unit_label::VARCHAR AS unit_label, /* What one unit is called, such as seat */
  arrived.is_active::BOOLEAN AS is_active, /* Whether it can be sold */
  arrived.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  NULL::VARCHAR AS fault_rule, /* Rule that the change breaks; none is defined */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__product AS arrived
WHERE
  arrived.loaded_at BETWEEN @start_ts AND @end_ts
