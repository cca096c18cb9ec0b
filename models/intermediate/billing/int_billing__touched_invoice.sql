MODEL (
  name intermediate.int_billing__touched_invoice,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  grain (invoice_id, touched_at),
  tags (
    'layer=intermediate'
  ),
  depends_on (
    intermediate.int_billing__invoice_change
  ),
  audits (
    not_null(columns := invoice_id),
    referential_integrity(references := (
      invoice_id = intermediate.int_billing__invoice_change
    ))
  ),
  description 'One row per invoice whose amounts an interval''s changes may have moved: by its header, a line, an allocation, a
credit note or a refund, in any version. Use it for: bounding the recomputation of invoices. Not for: analysis.
Audited against the log of invoices: whatever hangs on an invoice that the source never told of stops here.
Grows by what arrives.'
);

WITH touched AS (
  SELECT
    invoice_id
  FROM intermediate.int_billing__invoice_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    invoice_id
  FROM (
    @documents_of(intermediate.int_billing__invoice_line_change, invoice_line_id, invoice_id, @start_ts, @end_ts)
  )
  UNION
  SELECT
    invoice_id
  FROM (
    @documents_of(intermediate.int_billing__payment_allocation_change, payment_allocation_id, invoice_id, @start_ts, @end_ts)
  )
  UNION
  SELECT
    invoice_id
  FROM (
    @documents_of(intermediate.int_billing__credit_note_change, credit_note_id, invoice_id, @start_ts, @end_ts)
  )
  UNION
  SELECT
    invoice_id
  FROM (
    @documents_of(intermediate.int_billing__refund_change, refund_id, invoice_id, @start_ts, @end_ts)
  )
)
SELECT
  invoice_id::BIGINT AS invoice_id, /* Invoice */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched the invoice, UTC */
FROM touched
