MODEL (
  name core.fct_patient_payment,
  kind VIEW,
  owner analytics_engineering,
  grain payment_id,
  references (account_id, patient_key, payer_id, currency),
  tags ('layer=core', 'zone=restricted', 'fact=transaction', 'flow=steady', 'phi=pseudonymous'),
  depends_on (core.dim_account, core.dim_patient, core.dim_payer, core.dim_currency),
  audits (
    unique_values(columns := payment_id, condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)),
    not_null(columns := payment_id),
    not_null(
      columns := (account_id, patient_key, payer_id, status, currency, amount_minor, created_at),
      condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)
    ),
    accepted_values(column := status, is_in := ('succeeded', 'failed'), condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)),
    referential_integrity(
      references := (account_id = core.dim_account, patient_key = core.dim_patient, payer_id = core.dim_payer, currency = core.dim_currency),
      condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)
    ),
    freshness(column := created_at, max_age_minutes := 72 * 60),
    volume_in_line(column := created_at)
  ),
  description 'One row per payment of a patient or a payer to a clinic, also those that failed. A transaction fact.
Use it for: cash received, by status succeeded and received_at; fees; payer mix; failures. Not for: what invoices are paid
(fct_patient_payment_allocation), refunds (fct_patient_refund). Deleted payments are left out. A view over audited state.'
);

SELECT
  payment_id::BIGINT AS payment_id, /* Payment, natural key */
  account_id::BIGINT AS account_id, /* Account that is paid */
  patient_key::BIGINT AS patient_key, /* Pseudonym of the patient whose care is paid */
  COALESCE(payer_id, -2)::BIGINT AS payer_id, /* Payer; -2 when the patient pays */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  created_at::TIMESTAMP AS created_at, /* When the payment was tried, UTC */
  received_at::TIMESTAMP AS received_at, /* When the money was received, UTC; NULL for a failed one */
  method::VARCHAR AS method, /* card, cash, check, ach or insurance */
  status::VARCHAR AS status, /* succeeded or failed */
  failure_code::VARCHAR AS failure_code, /* Why it failed, NULL when it did not */
  has_quarantined_row::BOOLEAN AS has_quarantined_row, /* Whether the last change of one of its rows waits in quarantine, so that amounts may not agree */
  amount_minor::BIGINT AS amount_minor, /* Amount paid or tried, minor units */
  processor_fee_minor::BIGINT AS processor_fee_minor, /* Fee of the payment processor, minor units */
  allocated_minor::BIGINT AS allocated_minor, /* Sum of what was applied to invoices, minor units */
  refunded_minor::BIGINT AS refunded_minor, /* Sum of what was given back, minor units */
  (
    received_minor - allocated_minor
  )::BIGINT AS unapplied_minor, /* Received and not yet applied to an invoice, minor units; a refund does not lower it */
  changed_at::TIMESTAMP AS changed_at /* When the app last changed the row, UTC */
FROM intermediate.int_billing__payment
WHERE
  NOT is_deleted
