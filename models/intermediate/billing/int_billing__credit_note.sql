MODEL (
  name intermediate.int_billing__credit_note,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key credit_note_id
  ),
  owner data_engineering,
  grain credit_note_id,
  tags (
    'layer=intermediate'
  ),
  depends_on (intermediate.int_billing__invoice, reference.currency),
  audits (
    unique_values(columns := credit_note_id, condition := settled_at BETWEEN @start_ts AND @end_ts),
    not_null(
      columns := (credit_note_id, invoice_id, currency, amount_minor, issued_at),
      condition := settled_at BETWEEN @start_ts AND @end_ts
    ),
    referential_integrity(
      references := (invoice_id = intermediate.int_billing__invoice, currency = reference.currency),
      condition := settled_at BETWEEN @start_ts AND @end_ts,
      blocking := FALSE
    )
  ),
  description 'One row per credit note on a patient''s invoice, as last told by the source and once it balances; deleted ones stay,
flagged. Use it for: core.fct_patient_credit_note. Not for: how it came to be.
Recomputed for those that changed: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    credit_note_id
  FROM intermediate.int_billing__credit_note_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  credit_note_id::BIGINT AS credit_note_id, /* Credit note, natural key */
  invoice_id::BIGINT AS invoice_id, /* Invoice that is reduced */
  reason_code::VARCHAR AS reason_code, /* contractual_adjustment, billing_error or courtesy */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the amount */
  amount_minor::BIGINT AS amount_minor, /* Amount taken off, minor units */
  issued_at::TIMESTAMP AS issued_at, /* When it was issued, UTC */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  is_deleted::BOOLEAN AS is_deleted, /* Whether it was deleted at the source */
  @end_ts::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM (
  @latest_image(intermediate.int_billing__credit_note_change, credit_note_id, touched, intermediate.int_billing__balance)
)
