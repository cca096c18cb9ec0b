MODEL (
  name intermediate.int_billing__refund,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key refund_id
  ),
  owner data_engineering,
  grain refund_id,
  tags (
    'layer=intermediate'
  ),
  depends_on (intermediate.int_billing__invoice, intermediate.int_billing__payment, reference.currency),
  audits (
    unique_values(columns := refund_id, condition := settled_at BETWEEN @start_ts AND @end_ts),
    not_null(
      columns := (refund_id, payment_id, invoice_id, currency, amount_minor, refunded_at),
      condition := settled_at BETWEEN @start_ts AND @end_ts
    ),
    referential_integrity(
      references := (
        payment_id = intermediate.int_billing__payment,
        invoice_id = intermediate.int_billing__invoice,
        currency = reference.currency
      ),
      condition := settled_at BETWEEN @start_ts AND @end_ts,
      blocking := FALSE
    )
  ),
  description 'One row per refund of a payment, as last told by the source and once it balances; deleted ones stay,
flagged. Use it for: core.fct_patient_refund. Not for: how it came to be.
Recomputed for those that changed: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    refund_id
  FROM intermediate.int_billing__refund_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  refund_id::BIGINT AS refund_id, /* Refund, natural key */
  payment_id::BIGINT AS payment_id, /* Payment that is given back */
  invoice_id::BIGINT AS invoice_id, /* Invoice that had been paid */
  reason_code::VARCHAR AS reason_code, /* duplicate, service_not_rendered or goodwill */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the amount */
  amount_minor::BIGINT AS amount_minor, /* Amount given back, minor units */
  refunded_at::TIMESTAMP AS refunded_at, /* When it was given back, UTC */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  is_deleted::BOOLEAN AS is_deleted, /* Whether it was deleted at the source */
  @end_ts::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM (
  @latest_image(intermediate.int_billing__refund_change, refund_id, touched, intermediate.int_billing__balance)
)
