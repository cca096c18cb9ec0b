MODEL (
  name staging.stg_app__invoice_line,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi=none'),
  description 'One row per change of a line of a patient''s invoice in the app''s change log. The description, free text, stays in raw.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
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
  updated_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.billing__invoice_lines
