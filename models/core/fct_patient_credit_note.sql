MODEL (
  name core.fct_patient_credit_note,
  kind VIEW,
  owner analytics_engineering,
  grain credit_note_id,
  references (invoice_id, account_id, currency),
  tags ('layer=core', 'zone=restricted', 'fact=transaction', 'flow=sparse'),
  audits (
    unique_values(columns := credit_note_id, condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)),
    not_null(columns := credit_note_id),
    not_null(
      columns := (invoice_id, account_id, currency, amount_minor, issued_at),
      condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)
    )
  ),
  description 'One row per credit note on a patient''s invoice. A transaction fact.
Use it for: what was billed and then taken off, tax included, by issued_at. Not for: money given back (fct_patient_refund).
Deleted credit notes are left out. A view over audited state; the account is the invoice''s.'
);

SELECT
  note.credit_note_id::BIGINT AS credit_note_id, /* Credit note, natural key */
  note.invoice_id::BIGINT AS invoice_id, /* Invoice that is reduced */
  invoice.account_id::BIGINT AS account_id, /* Account that bills */
  note.currency::VARCHAR AS currency, /* ISO 4217 currency of the amount */
  note.issued_at::TIMESTAMP AS issued_at, /* When it was issued, UTC */
  note.reason_code::VARCHAR AS reason_code, /* contractual_adjustment, billing_error or courtesy */
  note.amount_minor::BIGINT AS amount_minor, /* Amount taken off, tax included, minor units */
  note.changed_at::TIMESTAMP AS changed_at /* When the app last changed the row, UTC */
FROM intermediate.int_billing__credit_note AS note
JOIN intermediate.int_billing__invoice AS invoice
  USING (invoice_id)
WHERE
  NOT note.is_deleted
