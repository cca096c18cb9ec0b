MODEL (
  name intermediate.@{log}_audited,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column audited_through
  ),
  owner data_engineering,
  cron '@hourly',
  grain audited_through,
  tags (
    'layer=intermediate'
  ),
  signals (
    parents_due()
  ),
  blueprints (
    (log := int_receivables__patient_posting, guard := intermediate.int_receivables__patient_unbalanced),
    (log := int_receivables__platform_posting, guard := intermediate.int_receivables__platform_unbalanced),
    (log := int_revenue__patient_posting, guard := intermediate.int_revenue__patient_unbalanced),
    (log := int_revenue__platform_posting, guard := intermediate.int_revenue__platform_unbalanced),
    (log := int_revenue__patient_cash_posting, guard := intermediate.int_revenue__patient_cash_posting),
    (log := int_revenue__platform_cash_posting, guard := intermediate.int_revenue__platform_cash_posting)
  ),
  depends_on (
    @guard
  ),
  description 'One row per interval whose postings have passed their audits. SQLMesh does not run it while they fail.
Use it for: stopping a look at the whole log at what has been audited. Not for: analysis. Grows by a row an interval.'
);

SELECT
  @end_ts::TIMESTAMP AS audited_through, /* Last instant of the audited interval, UTC */
  COUNT(*)::BIGINT AS posting_count /* Postings of the interval */
FROM intermediate.@{log}
WHERE
  posted_at BETWEEN @start_ts AND @end_ts
