MODEL (
  name intermediate.int_billing__payment,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key payment_id
  ),
  owner data_engineering,
  clustered_by (
    received_at::DATE
  ),
  grain payment_id,
  tags ('layer=intermediate', 'phi=pseudonymous'),
  audits (
    unique_values(columns := payment_id, condition := settled_at BETWEEN @start_ts AND @end_ts),
    not_null(
      columns := (payment_id, account_id, patient_key, status, currency, amount_minor, created_at),
      condition := settled_at BETWEEN @start_ts AND @end_ts
    )
  ),
  description 'One row per payment of a patient or a payer, as last told by the source and once it balances; deleted ones stay,
flagged. Use it for: core.fct_patient_payment. Not for: how it came to be.
Recomputed for touched payments: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    payment_id
  FROM intermediate.int_billing__touched_payment
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
)
SELECT
  image.payment_id::BIGINT AS payment_id, /* Payment, natural key */
  image.account_id::BIGINT AS account_id, /* Account that is paid */
  image.patient_key::BIGINT AS patient_key, /* Pseudonym of the patient whose care is paid */
  image.payer_id::BIGINT AS payer_id, /* Payer, NULL when the patient pays */
  image.currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  image.created_at::TIMESTAMP AS created_at, /* When the payment was tried, UTC */
  image.received_at::TIMESTAMP AS received_at, /* When the money was received, UTC; NULL for a failed one */
  image.method::VARCHAR AS method, /* card, cash, check, ach or insurance */
  image.status::VARCHAR AS status, /* succeeded or failed */
  image.failure_code::VARCHAR AS failure_code, /* Why it failed, NULL when it did not */
  image.is_deleted::BOOLEAN AS is_deleted, /* Whether it was deleted at the source */
  balance.has_quarantined_row::BOOLEAN AS has_quarantined_row, /* Whether the last change of one of its rows is in quarantine */
  image.amount_minor::BIGINT AS amount_minor, /* Amount paid or tried, minor units */
  image.processor_fee_minor::BIGINT AS processor_fee_minor, /* Fee of the payment processor, minor units */
  balance.received_minor::BIGINT AS received_minor, /* Amount of a payment that succeeded, 0 of another, minor units */
  balance.allocated_minor::BIGINT AS allocated_minor, /* Sum of what was applied to invoices, minor units */
  balance.refunded_minor::BIGINT AS refunded_minor, /* Sum of what was given back, minor units */
  image.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  @end_ts::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM (
  @latest_image(intermediate.int_billing__payment_change, payment_id, touched, intermediate.int_billing__balance)
) AS image
JOIN intermediate.int_billing__payment_balance AS balance
  ON balance.payment_id = image.payment_id AND balance.settled_at <= @audited_through(intermediate.int_billing__balance)
