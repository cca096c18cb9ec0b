MODEL (
  name intermediate.int_finance__@{stream}_settled,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column settled_through
  ),
  owner data_engineering,
  cron '@hourly',
  grain settled_through,
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  blueprints ((
      stream := patient
    ), (
      stream := platform
  )),
  depends_on (intermediate.int_receivables__@{stream}_day, intermediate.int_revenue__@{stream}_day),
  description 'One row per interval whose revenue and balances by day have passed their audits.
Use it for: saying through which time the daily facts of finance are complete. Not for: analysis. Grows by a row an interval.'
);

SELECT
  @end_ts::TIMESTAMP AS settled_through, /* Last instant of the settled interval, UTC */
  COUNT(*)::BIGINT AS touched_count /* Billing parties and currencies whose balances the interval moved */
FROM intermediate.int_receivables__@{stream}_touched
WHERE
  touched_at BETWEEN @start_ts AND @end_ts
