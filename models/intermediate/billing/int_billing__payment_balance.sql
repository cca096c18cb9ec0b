MODEL (
  name intermediate.int_billing__payment_balance,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key payment_id
  ),
  owner data_engineering,
  grain payment_id,
  tags ('layer=intermediate', 'phi=pseudonymous'),
  depends_on (
    intermediate.int_billing__payer,
    intermediate.int_directory__account,
    intermediate.int_patients__patient,
    reference.currency
  ),
  audits (
    not_null(
      columns := (payment_id, account_id, patient_key, currency, received_minor),
      condition := settled_at BETWEEN @start_ts AND @end_ts
    ),
    payment_balances(condition := settled_at BETWEEN @start_ts AND @end_ts),
    referential_integrity(
      references := (
        account_id = intermediate.int_directory__account,
        patient_key = intermediate.int_patients__patient,
        payer_id = intermediate.int_billing__payer,
        currency = reference.currency
      ),
      condition := settled_at BETWEEN @start_ts AND @end_ts
    )
  ),
  description 'One row per payment, beside what of it was applied to invoices and what was given back.
Use it for: proving that no more is applied or given back than was received, before anything is published. Not for: analysis
(core.fct_patient_payment). Recomputed for touched payments: a look-up of their keys in three logs.'
);

WITH touched AS (
  SELECT DISTINCT
    payment_id
  FROM intermediate.int_billing__touched_payment
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), header AS (
  @latest_image(intermediate.int_billing__payment_change, payment_id, touched)
), own AS (
  @totals(intermediate.int_billing__payment_change, payment_id, payment_id, header, amount_minor)
), allocation AS (
  @totals(intermediate.int_billing__payment_allocation_change, payment_allocation_id, payment_id, header, amount_minor)
), applied AS (
  SELECT DISTINCT
    payment_allocation_id
  FROM intermediate.int_billing__payment_allocation_change
  JOIN touched
    USING (payment_id)
), abroad AS (
  SELECT
    header.payment_id,
    COUNT(*) AS foreign_count
  FROM (
    @latest_image(intermediate.int_billing__payment_allocation_change, payment_allocation_id, applied)
  ) AS image
  JOIN header
    ON header.payment_id = image.payment_id
  JOIN intermediate.int_billing__invoice_balance AS invoice
    ON invoice.invoice_id = image.invoice_id AND invoice.currency <> header.currency
  WHERE
    NOT image.is_deleted
  GROUP BY
    header.payment_id
), refund AS (
  @totals(intermediate.int_billing__refund_change, refund_id, payment_id, header, amount_minor, currency)
)
SELECT
  header.payment_id::BIGINT AS payment_id, /* Payment, natural key */
  header.account_id::BIGINT AS account_id, /* Account that is paid */
  header.patient_key::BIGINT AS patient_key, /* Pseudonym of the patient whose care is paid */
  header.payer_id::BIGINT AS payer_id, /* Payer, NULL when the patient pays */
  header.currency::VARCHAR AS currency, /* ISO 4217 currency of all amounts */
  header.is_deleted::BOOLEAN AS is_deleted, /* Whether the payment was deleted at the source */
  IFF(header.status = 'succeeded' AND NOT header.is_deleted, header.amount_minor, 0)::BIGINT AS received_minor, /* What was received, minor units; 0 of a failed or deleted one */
  COALESCE(allocation.amount_minor, 0)::BIGINT AS allocated_minor, /* Sum of what was applied to invoices, minor units */
  COALESCE(refund.amount_minor, 0)::BIGINT AS refunded_minor, /* Sum of what was given back, minor units */
  (
    COALESCE(abroad.foreign_count, 0) + COALESCE(refund.foreign_count, 0)
  )::BIGINT AS foreign_currency_count, /* Allocations to invoices, and refunds, in another currency than the payment's */
  (
    own.has_quarantined_row OR COALESCE(allocation.has_quarantined_row, FALSE) OR COALESCE(refund.has_quarantined_row, FALSE)
  )::BOOLEAN AS has_quarantined_row, /* Whether the last change of one of its rows is in quarantine */
  @end_ts::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM header
JOIN own
  ON own.payment_id = header.payment_id
LEFT JOIN allocation
  ON allocation.payment_id = header.payment_id
LEFT JOIN abroad
  ON abroad.payment_id = header.payment_id
LEFT JOIN refund
  ON refund.payment_id = header.payment_id
