MODEL (
  name ops.latency,
  kind VIEW,
  owner data_engineering,
  cron '@daily',
  grain (started_at, mart, source),
  tags (
    'layer=ops'
  ),
  description 'One row per tick, mart and source whose changes the tick made queryable there: how long that took from their commit.
Use it for: the objective of 45 minutes from a source to a mart. Not for: first loads and replays, which are left out.
Ages are measured batch by batch: the median is weighted by their changes, the 95th percentile that of the slowest batch.'
);

WITH reached AS (
  SELECT
    log.tick_at,
    log.started_at,
    log.mart,
    log.source,
    log.complete_through,
    LAG(log.complete_through) OVER (PARTITION BY log.mart, log.source ORDER BY log.started_at) AS complete_before,
    tick.wait_seconds + tick.seconds AS tick_seconds
  FROM ops.mart_log AS log
  JOIN ops.tick AS tick
    ON tick.tick_at = log.tick_at AND tick.started_at = log.started_at
), told AS (
  SELECT
    input.mart,
    passed.source,
    DATEADD(MICROSECOND, 1, passed.audited_through) AS interval_end,
    passed.live_count,
    passed.median_age_seconds,
    passed.p95_age_seconds,
    passed.longest_age_seconds
  FROM intermediate.int_quality__batch AS passed
  JOIN ops.mart_input AS input
    ON input.model = 'intermediate.' || passed.batch AND input.source = passed.source
  JOIN ops.model_log AS ran
    ON ran.model = 'intermediate.' || passed.batch || '_audited'
    AND ran.interval_end = DATEADD(MICROSECOND, 1, passed.audited_through)
    AND NOT ran.is_failed
  WHERE
    passed.live_count > 0 AND passed.median_age_seconds > 0 /* Younger than the interval is what was replayed into it */
), waited AS (
  SELECT
    reached.tick_at,
    reached.started_at,
    told.*,
    DATEDIFF(SECOND, told.interval_end, reached.tick_at) + reached.tick_seconds AS seconds
  FROM reached
  JOIN told
    ON told.mart = reached.mart
    AND told.source = reached.source
    AND told.interval_end <= reached.complete_through
    AND told.interval_end > COALESCE(reached.complete_before, '1970-01-01'::TIMESTAMP)
)
SELECT
  tick_at::TIMESTAMP AS tick_at, /* Boundary of the tick, UTC */
  started_at::TIMESTAMP AS started_at, /* When the tick began, UTC */
  mart::VARCHAR AS mart, /* Mart, by schema and name */
  source::VARCHAR AS source, /* Source of the changes */
  SUM(live_count)::BIGINT AS change_count, /* Changes that became queryable */
  (
    SUM(live_count * (
      median_age_seconds + seconds
    )) / SUM(live_count) / 60
  )::DOUBLE AS median_minutes, /* Minutes from commit to queryable, of half the changes */
  (
    MAX(p95_age_seconds + seconds) / 60
  )::DOUBLE AS p95_minutes, /* Minutes within which 95 % of the changes were queryable */
  (
    MAX(longest_age_seconds + seconds) / 60
  )::DOUBLE AS longest_minutes /* Minutes of the slowest change */
FROM waited
GROUP BY
  tick_at,
  started_at,
  mart,
  source
