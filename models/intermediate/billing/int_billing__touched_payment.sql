MODEL (
  name intermediate.int_billing__touched_payment,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  grain (payment_id, touched_at),
  tags (
    'layer=intermediate'
  ),
  depends_on (
    intermediate.int_billing__payment_change
  ),
  audits (
    not_null(columns := payment_id),
    referential_integrity(references := (
      payment_id = intermediate.int_billing__payment_change
    ))
  ),
  description 'One row per payment that an interval''s changes may have moved: itself, an allocation or a refund, in any version,
or an invoice that it is applied to. Use it for: bounding the recomputation of payments. Not for: analysis.
Audited against the log of payments: an allocation or refund of a payment that the source never told of stops here.
Grows by what arrives.'
);

WITH touched AS (
  SELECT
    payment_id
  FROM intermediate.int_billing__payment_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    payment_id
  FROM (
    @documents_of(intermediate.int_billing__payment_allocation_change, payment_allocation_id, payment_id, @start_ts, @end_ts)
  )
  UNION
  SELECT
    payment_id
  FROM (
    @documents_of(intermediate.int_billing__refund_change, refund_id, payment_id, @start_ts, @end_ts)
  )
  UNION
  SELECT
    allocation.payment_id
  FROM intermediate.int_billing__payment_allocation_change AS allocation
  JOIN intermediate.int_billing__invoice_change AS invoice
    USING (invoice_id)
  WHERE
    invoice.loaded_at BETWEEN @start_ts AND @end_ts AND NOT allocation.payment_id IS NULL
)
SELECT
  payment_id::BIGINT AS payment_id, /* Payment */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched the payment, UTC */
FROM touched
