MODEL (
  name intermediate.@{batch}_audited,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column audited_through
  ),
  owner data_engineering,
  grain audited_through,
  tags (
    'layer=intermediate'
  ),
  blueprints @each_batch(),
  description 'One row per interval whose batch has passed its audits. SQLMesh does not run it while the batch fails.
Use it for: stopping a look at the whole log at what has been audited; how old its changes were. Not for: analysis. Grows by a row an interval.'
);

WITH arrived AS (
  SELECT
    fault_rule,
    IFF(NOT operation IN ('R', 'T'), DATEDIFF(SECOND, committed_at, @end_ts::TIMESTAMP) + 1, NULL) AS age_seconds
  FROM intermediate.@{batch}
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  @end_ts::TIMESTAMP AS audited_through, /* Last instant of the audited interval, UTC */
  COUNT(*)::BIGINT AS change_count, /* Changes in the interval, faulty ones included */
  COUNT(fault_rule)::BIGINT AS fault_count, /* Changes that went to quarantine */
  COUNT(age_seconds)::BIGINT AS live_count, /* Changes that the source told as they happened, first reads apart */
  MEDIAN(age_seconds)::DOUBLE AS median_age_seconds, /* Age of those at the end of the interval: half are younger */
  PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY
    age_seconds)::DOUBLE AS p95_age_seconds, /* 95 % are younger */
  MAX(age_seconds)::BIGINT AS longest_age_seconds /* Age of the oldest */
FROM arrived
