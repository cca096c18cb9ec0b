MODEL (
  name core.fct_patient_invoice_line,
  kind VIEW,
  owner analytics_engineering,
  grain invoice_line_id,
  references (invoice_id, account_id, clinic_id, appointment_id, currency),
  tags ('layer=core', 'zone=restricted', 'fact=transaction', 'flow=follows'),
  depends_on (
    core.fct_appointment
  ),
  audits (
    unique_values(columns := invoice_line_id, condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)),
    not_null(columns := invoice_line_id),
    not_null(
      columns := (invoice_id, account_id, clinic_id, currency, service_date, amount_minor, tax_minor),
      condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP)
    ),
    referential_integrity(
      references := (
        appointment_id = core.fct_appointment
      ),
      condition := changed_at >= DATEADD(DAY, -2, @execution_ts::TIMESTAMP),
      blocking := FALSE
    ),
    null_share(
      columns := appointment_id,
      max_share := 0.2,
      condition := changed_at >= DATEADD(DAY, -7, @execution_ts::TIMESTAMP),
      blocking := FALSE
    )
  ),
  description 'One row per line of a patient''s invoice. A transaction fact at the finest grain of what clinics bill.
Use it for: revenue by procedure, day of service or appointment; join fct_patient_invoice for what became of the invoice, as
lines of drafts and void invoices are here too. Not for: cash. Deleted lines are left out.
A view over audited state; account, clinic and currency are the invoice''s.'
);

SELECT
  line.invoice_line_id::BIGINT AS invoice_line_id, /* Line, natural key */
  line.invoice_id::BIGINT AS invoice_id, /* Invoice that the line belongs to */
  invoice.account_id::BIGINT AS account_id, /* Account that bills */
  invoice.clinic_id::BIGINT AS clinic_id, /* Clinic that bills */
  line.appointment_id::BIGINT AS appointment_id, /* Appointment that is billed, NULL when none */
  invoice.currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  line.service_date::DATE AS service_date, /* Day of the service, local date of the clinic */
  line.line_number::INT AS line_number, /* Place of the line on the invoice */
  line.procedure_code::VARCHAR AS procedure_code, /* Code of the procedure or supply */
  line.quantity::INT AS quantity, /* Units billed */
  line.unit_amount_minor::BIGINT AS unit_amount_minor, /* Price of a unit before tax, minor units */
  line.amount_minor::BIGINT AS amount_minor, /* Quantity by unit price, before tax, minor units */
  line.tax_minor::BIGINT AS tax_minor, /* Tax on the line, minor units */
  line.changed_at::TIMESTAMP AS changed_at /* When the app last changed the row, UTC */
FROM intermediate.int_billing__invoice_line AS line
JOIN intermediate.int_billing__invoice AS invoice
  USING (invoice_id)
WHERE
  NOT line.is_deleted
