MODEL (
  name intermediate.int_billing__invoice_line_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  clustered_by (loaded_at::DATE, service_date),
  grain (invoice_line_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (invoice_line_id, commit_lsn, commit_seq)),
    not_null(columns := (invoice_line_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a line of a patient''s invoice, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__invoice_line, invoice_line_id, @start_ts, @end_ts)
)
SELECT
  arrived.invoice_line_id::BIGINT AS invoice_line_id, /* Line, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.invoice_id::BIGINT AS invoice_id, /* Invoice that the line belongs to */
  arrived.line_number::INT AS line_number, /* Place of the line on the invoice */
  arrived.appointment_id::BIGINT AS appointment_id, /* Appointment that is billed, NULL when none */
  arrived.procedure_code::VARCHAR AS procedure_code, /* Code of the procedure or supply */
  arrived.service_date::DATE AS service_date, /* Day of the service, local date of the clinic */
  arrived.quantity::INT AS quantity, /* Units billed */
  arrived.unit_amount_minor::BIGINT AS unit_amount_minor, /* Price of a unit before tax, minor units */
  arrived.amount_minor::BIGINT AS amount_minor, /* Quantity by unit price, before tax, minor units */
  arrived.tax_minor::BIGINT AS tax_minor, /* Tax on the line, minor units */
  arrived.created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN invoice_id IS NULL
    THEN 'missing_key'
    WHEN quantity + unit_amount_minor + amount_minor + tax_minor IS NULL
    THEN 'missing_amount'
    WHEN LEAST(quantity, unit_amount_minor, tax_minor) < 0
    THEN 'negative_amount'
    WHEN amount_minor <> quantity * unit_amount_minor
    THEN 'amount_mismatch'
    WHEN service_date IS NULL
    THEN 'missing_time'
    WHEN @implausible(service_date, committed_at)
    THEN 'implausible_date'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
