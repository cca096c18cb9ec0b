MODEL (
  name intermediate.int_billing__balance_audited,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column audited_through
  ),
  owner data_engineering,
  grain audited_through,
  tags (
    'layer=intermediate'
  ),
  description 'One row per interval in which every invoice and payment that it touched balances. SQLMesh does not run it while one
does not. Use it for: keeping billing that does not balance out of core; the watermark of patient_billing. Not for: analysis.'
);

SELECT
  @end_ts::TIMESTAMP AS audited_through, /* Last instant of the audited interval, UTC */
  SUM(invoice_count)::BIGINT AS invoice_count, /* Invoices that the interval touched */
  SUM(payment_count)::BIGINT AS payment_count, /* Payments that the interval touched */
  SUM(excused_count)::BIGINT AS excused_count /* Invoices and payments that need not balance, as a row is in quarantine */
FROM (
  SELECT
    COUNT(*) AS invoice_count,
    0 AS payment_count,
    COUNT(NULLIF(has_quarantined_row, FALSE)) AS excused_count
  FROM intermediate.int_billing__invoice_balance
  WHERE
    settled_at BETWEEN @start_ts AND @end_ts
  UNION ALL
  SELECT
    0,
    COUNT(*),
    COUNT(NULLIF(has_quarantined_row, FALSE))
  FROM intermediate.int_billing__payment_balance
  WHERE
    settled_at BETWEEN @start_ts AND @end_ts
) AS touched
