MODEL (
  name ops.quality_score,
  kind VIEW,
  owner data_engineering,
  cron '@daily',
  grain model,
  tags (
    'layer=ops'
  ),
  description 'One row per model with audits that ran in the last 30 days: the share of them that passed, and of changes without fault.
Use it for: which models deserve attention first. Not for: whether a number may be used; a failing audit says that.'
);

WITH recent AS (
  SELECT
    model,
    COUNT(*) AS audit_count,
    COUNT_IF(is_passed) AS passed_count,
    COUNT_IF(is_latest AND NOT is_passed) AS failing_count
  FROM ops.audit_result
  WHERE
    audited_at > DATEADD(DAY, -30, (
      SELECT
        MAX(started_at)
      FROM ops.tick_log
    ))
  GROUP BY
    model
), faults AS (
  SELECT
    'intermediate.' || batch AS model,
    SUM(change_count) AS change_count,
    SUM(fault_count) AS fault_count
  FROM intermediate.int_quality__batch
  WHERE
    audited_through > DATEADD(DAY, -30, (
      SELECT
        MAX(tick_at)
      FROM ops.tick_log
    ))
  GROUP BY
    batch
)
SELECT
  recent.model::VARCHAR AS model, /* Model, by schema and name */
  recent.audit_count::BIGINT AS audit_count, /* Results of its audits */
  recent.passed_count::BIGINT AS passed_count, /* Of those, how many found nothing */
  recent.failing_count::BIGINT AS failing_count, /* Audits whose newest result is a failure */
  COALESCE(faults.change_count, 0)::BIGINT AS change_count, /* Of a batch: changes that arrived; else 0 */
  COALESCE(faults.fault_count, 0)::BIGINT AS fault_count, /* Of those, how many went to quarantine */
  (
    100 * recent.passed_count / recent.audit_count * (
      1 - COALESCE(faults.fault_count / NULLIF(faults.change_count, 0), 0)
    )
  )::DOUBLE AS score /* 100 when every audit passed and no change was faulty */
FROM recent
LEFT JOIN faults
  ON faults.model = recent.model
