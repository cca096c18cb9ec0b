MODEL (
  name intermediate.int_billing__invoice_line,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key invoice_line_id
  ),
  owner data_engineering,
  clustered_by service_date,
  grain invoice_line_id,
  tags (
    'layer=intermediate'
  ),
  depends_on (
    intermediate.int_billing__invoice
  ),
  audits (
    unique_values(columns := invoice_line_id, condition := settled_at BETWEEN @start_ts AND @end_ts),
    not_null(
      columns := (invoice_line_id, invoice_id, service_date, amount_minor, tax_minor),
      condition := settled_at BETWEEN @start_ts AND @end_ts
    ),
    referential_integrity(
      references := (
        invoice_id = intermediate.int_billing__invoice
      ),
      condition := settled_at BETWEEN @start_ts AND @end_ts,
      blocking := FALSE
    )
  ),
  description 'One row per line of a patient''s invoice, as last told by the source and once it balances; deleted ones stay,
flagged. Use it for: core.fct_patient_invoice_line. Not for: how it came to be.
Recomputed for those that changed: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    invoice_line_id
  FROM intermediate.int_billing__invoice_line_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  invoice_line_id::BIGINT AS invoice_line_id, /* Line, natural key */
  invoice_id::BIGINT AS invoice_id, /* Invoice that the line belongs to */
  line_number::INT AS line_number, /* Place of the line on the invoice */
  appointment_id::BIGINT AS appointment_id, /* Appointment that is billed, NULL when none */
  procedure_code::VARCHAR AS procedure_code, /* Code of the procedure or supply */
  service_date::DATE AS service_date, /* Day of the service, local date of the clinic */
  quantity::INT AS quantity, /* Units billed */
  unit_amount_minor::BIGINT AS unit_amount_minor, /* Price of a unit before tax, minor units */
  amount_minor::BIGINT AS amount_minor, /* Quantity by unit price, before tax, minor units */
  tax_minor::BIGINT AS tax_minor, /* Tax on the line, minor units */
  created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  is_deleted::BOOLEAN AS is_deleted, /* Whether it was deleted at the source */
  @end_ts::TIMESTAMP AS settled_at /* End of the interval that computed the row, UTC */
FROM (
  @latest_image(intermediate.int_billing__invoice_line_change, invoice_line_id, touched, intermediate.int_billing__balance)
)
