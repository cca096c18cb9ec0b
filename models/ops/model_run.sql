MODEL (
  name ops.model_run,
  kind VIEW,
  owner data_engineering,
  cron '@daily',
  grain (started_at, model),
  tags (
    'layer=ops'
  ),
  description 'One row per model and tick that ran it: which intervals, how many rows, how long. The last 90 days.
Use it for: what a tick spends its time on, and how far a model is. Not for: backfills (northstar status).'
);

SELECT
  tick_at::TIMESTAMP AS tick_at, /* Boundary of the tick, UTC */
  started_at::TIMESTAMP AS started_at, /* When the tick began, UTC */
  model::VARCHAR AS model, /* Model, by schema and name */
  interval_start::TIMESTAMP AS interval_start, /* Begin of what it ran, UTC */
  interval_end::TIMESTAMP AS interval_end, /* End of what it ran, exclusive, UTC */
  row_count::BIGINT AS row_count, /* Rows written */
  seconds::DOUBLE AS seconds, /* How long it took, audits included */
  ended_at::TIMESTAMP AS ended_at, /* When it was done, UTC */
  is_failed::BOOLEAN AS is_failed /* Whether it or an audit of it failed, so that its intervals are due again */
FROM ops.model_log
