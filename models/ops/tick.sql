MODEL (
  name ops.tick,
  kind VIEW,
  owner data_engineering,
  cron '@daily',
  grain (tick_at, started_at),
  tags (
    'layer=ops'
  ),
  description 'One row per tick, also one that was killed or never ran: when, how long, and how it ended.
Use it for: whether the warehouse keeps up. Not for: what a tick did, which is in ops.model_run and ops.audit_result.'
);

SELECT
  tick_at::TIMESTAMP AS tick_at, /* Boundary through which the tick read and ran, UTC */
  started_at::TIMESTAMP AS started_at, /* When it began, UTC; of a missed one, when the tick began that made up for it */
  DATEADD(MILLISECOND, ROUND(1000 * seconds)::BIGINT, started_at)::TIMESTAMP AS ended_at, /* When it ended, UTC */
  status::VARCHAR AS status, /* ok, source_failed, models_failed, stopped, failed, running, killed or missed */
  seconds::DOUBLE AS seconds, /* How long it took */
  IFF(DATEDIFF(SECOND, tick_at, started_at) BETWEEN 0 AND 3600, DATEDIFF(SECOND, tick_at, started_at), 0)::BIGINT AS wait_seconds, /* From the boundary to the begin; 0 of a boundary of long ago that was replayed */
  rows_landed::BIGINT AS rows_landed, /* Rows that came into raw */
  models_run::BIGINT AS models_run /* Models that ran, failed ones included */
FROM ops.tick_log
