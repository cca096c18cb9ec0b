MODEL (
  name core.fct_patient_payment_allocation,
  kind VIEW,
  owner analytics_engineering,
  grain payment_allocation_id,
  references (payment_id, invoice_id, account_id, currency),
  tags ('layer=core', 'zone=restricted', 'fact=transaction', 'flow=follows'),
  audits (
    unique_values(columns := payment_allocation_id, condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)),
    not_null(columns := payment_allocation_id),
    not_null(
      columns := (payment_id, invoice_id, account_id, currency, amount_minor, allocated_at),
      condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)
    )
  ),
  description 'One row per part of a payment that is applied to an invoice. A transaction fact.
Use it for: when invoices were paid and by which payment; what of a payment is unapplied. Not for: cash (fct_patient_payment).
Deleted allocations are left out. A view over audited state; account and currency are the invoice''s.'
);

SELECT
  allocation.payment_allocation_id::BIGINT AS payment_allocation_id, /* Allocation, natural key */
  allocation.payment_id::BIGINT AS payment_id, /* Payment that is applied */
  allocation.invoice_id::BIGINT AS invoice_id, /* Invoice that it is applied to */
  invoice.account_id::BIGINT AS account_id, /* Account that bills */
  invoice.currency::VARCHAR AS currency, /* ISO 4217 currency of the amount */
  allocation.allocated_at::TIMESTAMP AS allocated_at, /* When it was applied, UTC */
  allocation.amount_minor::BIGINT AS amount_minor, /* Amount applied, minor units */
  allocation.changed_at::TIMESTAMP AS changed_at /* When the app last changed the row, UTC */
FROM intermediate.int_billing__payment_allocation AS allocation
JOIN intermediate.int_billing__invoice AS invoice
  USING (invoice_id)
WHERE
  NOT allocation.is_deleted
