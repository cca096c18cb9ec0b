MODEL (
  name intermediate.int_billing__payment,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key payment_id
  ),
  owner data_engineering,
  grain payment_id,
  tags ('layer=intermediate', 'phi=pseudonymous'),
  audits (
    unique_values(columns := payment_id),
    not_null(columns := (payment_id, account_id, patient_key, status, currency, amount_minor))
  ),
  description 'One row per payment of a patient or payer, as last told by the source; deleted ones stay, flagged.
Use it for: core.fct_patient_payment. Not for: how it came to be.
Recomputed for those that changed: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    payment_id
  FROM intermediate.int_billing__payment_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  payment_id::BIGINT AS payment_id, /* Payment, natural key */
  account_id::BIGINT AS account_id, /* Account that is paid */
  patient_key::BIGINT AS patient_key, /* Pseudonym of the patient whose care is paid */
  payer_id::BIGINT AS payer_id, /* Payer, NULL when the patient pays */
  method::VARCHAR AS method, /* card, cash, check, ach or insurance */
  status::VARCHAR AS status, /* succeeded or failed */
  failure_code::VARCHAR AS failure_code, /* Why it failed, NULL when it did not */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  amount_minor::BIGINT AS amount_minor, /* Amount paid or tried, minor units */
  processor_fee_minor::BIGINT AS processor_fee_minor, /* Fee of the payment processor, minor units */
  received_at::TIMESTAMP AS received_at, /* When the money was received, UTC; NULL for a failed one */
  created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_billing__payment_change, payment_id, touched)
)
