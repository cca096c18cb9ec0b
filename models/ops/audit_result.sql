MODEL (
  name ops.audit_result,
  kind VIEW,
  owner data_engineering,
  cron '@daily',
  grain (model, audit, arguments, audited_at),
  tags (
    'layer=ops'
  ),
  description 'One row per audit of a model that a tick or a batch of a backfill ran. What failed is kept for good, what passed for
90 days; of a backfilled history, audited interval by interval, each failure and the last result.
Use it for: which audits fail, since when, and what they cost. Not for: the rows that failed (sqlmesh audit --model).'
);

SELECT
  tick_at::TIMESTAMP AS tick_at, /* Boundary of the tick, or of the last one before a backfill, UTC */
  backfill_id::BIGINT AS backfill_id, /* Backfill that ran it, NULL for a tick */
  model::VARCHAR AS model, /* Model, by schema and name */
  audit::VARCHAR AS audit, /* Name of the audit */
  arguments::VARCHAR AS arguments, /* Its arguments as the model has them */
  audited_at::TIMESTAMP AS audited_at, /* When it ended, UTC */
  fault_count::BIGINT AS fault_count, /* Rows that its query found */
  seconds::DOUBLE AS seconds, /* How long it took */
  is_blocking::BOOLEAN AS is_blocking, /* Whether a failure stops what lies below */
  (
    fault_count = 0
  )::BOOLEAN AS is_passed, /* Whether it found nothing */
  (
    backfill_id IS NULL
    AND ROW_NUMBER() OVER (PARTITION BY model, audit, arguments, backfill_id IS NULL ORDER BY audited_at DESC) = 1
  )::BOOLEAN AS is_latest /* Whether it is the newest result that a tick had of this audit */
FROM ops.audit_log
