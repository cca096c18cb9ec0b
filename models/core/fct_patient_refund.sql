MODEL (
  name core.fct_patient_refund,
  kind VIEW,
  owner analytics_engineering,
  grain refund_id,
  references (payment_id, invoice_id, account_id, currency),
  tags ('layer=core', 'zone=restricted', 'fact=transaction', 'flow=sparse'),
  audits (
    unique_values(columns := refund_id, condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)),
    not_null(columns := refund_id),
    not_null(
      columns := (payment_id, invoice_id, account_id, currency, amount_minor, refunded_at),
      condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)
    )
  ),
  description 'One row per refund of a payment that a clinic had received. A transaction fact.
Use it for: cash given back, by refunded_at. Not for: what is billed or owed: a refund changes neither.
Deleted refunds are left out. A view over audited state; the account is the payment''s.'
);

SELECT
  refund.refund_id::BIGINT AS refund_id, /* Refund, natural key */
  refund.payment_id::BIGINT AS payment_id, /* Payment that is given back */
  refund.invoice_id::BIGINT AS invoice_id, /* Invoice that had been paid */
  payment.account_id::BIGINT AS account_id, /* Account that gives back */
  refund.currency::VARCHAR AS currency, /* ISO 4217 currency of the amount */
  refund.refunded_at::TIMESTAMP AS refunded_at, /* When it was given back, UTC */
  refund.reason_code::VARCHAR AS reason_code, /* duplicate, service_not_rendered or goodwill */
  refund.amount_minor::BIGINT AS amount_minor, /* Amount given back, minor units */
  refund.changed_at::TIMESTAMP AS changed_at /* When the app last changed the row, UTC */
FROM intermediate.int_billing__refund AS refund
JOIN intermediate.int_billing__payment AS payment
  USING (payment_id)
WHERE
  NOT refund.is_deleted
