MODEL (
  name intermediate.int_identity__stripe_customer_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (stripe_customer_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=stripe'),
  signals (
    source_sealed(source := 'stripe')
  ),
  audits (
    unique_combination_of_columns(columns := (stripe_customer_id, commit_lsn, commit_seq)),
    not_null(columns := (stripe_customer_id, operation)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a customer in Stripe, audited before anything downstream reads it.
Use it for: identity. Not for: analysis. Grows by what arrives.'
);

SELECT
  stripe_customer_id::VARCHAR AS stripe_customer_id, /* Natural key */
  operation::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  commit_lsn::BIGINT AS commit_lsn, /* Place in the source's order */
  commit_seq::BIGINT AS commit_seq, /* Always 0 */
  committed_at::TIMESTAMP AS committed_at, /* When the source made the change, UTC */
  customer_name::VARCHAR AS customer_name, /* Name of the customer, an organisation */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the customer */
  account_number::VARCHAR AS account_number, /* Account number kept in the customer's metadata */
  created_at::TIMESTAMP AS created_at, /* When the customer was made, UTC */
  NULL::VARCHAR AS fault_rule, /* Rule that the change breaks; none is defined */
  loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_stripe__customer
WHERE
  loaded_at BETWEEN @start_ts AND @end_ts
