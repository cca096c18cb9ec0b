MODEL (
  name intermediate.int_billing__payment_allocation,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key payment_allocation_id
  ),
  owner data_engineering,
  clustered_by (
    allocated_at::DATE
  ),
  grain payment_allocation_id,
  tags (
    'layer=intermediate'
  ),
  depends_on (intermediate.int_billing__invoice, intermediate.int_billing__payment),
  audits (
    unique_values(columns := payment_allocation_id, condition := settled_at BETWEEN @start_ts AND @end_ts),
    not_null(
      columns := (payment_allocation_id, payment_id, invoice_id, amount_minor, allocated_at),
      condition := settled_at BETWEEN @start_ts AND @end_ts
    ),
    referential_integrity(
      references := (payment_id = intermediate.int_billing__payment, invoice_id = intermediate.int_billing__invoice),
      condition := settled_at BETWEEN @start_ts AND @end_ts,
      blocking := FALSE
    )
  ),
  description 'One row per allocation of a payment to an invoice, as last told by the source and once it balances; deleted ones stay,
flagged. Use it for: core.fct_patient_payment_allocation. Not for: how it came to be.
Recomputed for those that changed: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    payment_allocation_id
  FROM intermediate.int_billing__payment_allocation_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  payment_allocation_id::BIGINT AS payment_allocation_id, /* Allocation, natural key */
  payment_id::BIGINT AS payment_id, /* Payment that is applied */
  invoice_id::BIGINT AS invoice_id, /* Invoice that it is applied to */
  amount_minor::BIGINT AS amount_minor, /* Amount applied, minor units */
  allocated_at::TIMESTAMP AS allocated_at, /* When it was applied, UTC */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  is_deleted::BOOLEAN AS is_deleted, /* Whether it was deleted at the source */
  @end_ts::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM (
  @latest_image(intermediate.int_billing__payment_allocation_change, payment_allocation_id, touched, intermediate.int_billing__balance)
)
