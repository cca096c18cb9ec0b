MODEL (
  name intermediate.int_revenue__touched_charge,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  cron '@hourly',
  grain (charge_id, touched_at),
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  description 'One row per charge of Northstar''s whose cash or fees an interval may have moved: itself, a refund, a dispute or a balance
transaction of any of them changed. Use it for: bounding the postings of cash. Not for: analysis. Grows by what arrives.'
);

WITH changed AS (
  SELECT
    charge_id AS source_id
  FROM intermediate.int_platform__charge_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    refund_id
  FROM intermediate.int_platform__refund_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    dispute_id
  FROM intermediate.int_platform__dispute_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    source_id
  FROM (
    @documents_of(intermediate.int_platform__balance_transaction_change, balance_transaction_id, source_id, @start_ts, @end_ts)
  )
)
SELECT DISTINCT
  source.charge_id::VARCHAR AS charge_id, /* Charge */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched it, UTC */
FROM changed
JOIN intermediate.int_revenue__charge_source AS source
  ON source.source_id = changed.source_id
