MODEL (
  name ops.quarantine,
  kind VIEW,
  owner data_engineering,
  cron '@daily',
  grain (batch, fault_rule, loaded_on),
  tags (
    'layer=ops'
  ),
  description 'One row per batch, rule and day on which faulty changes were loaded: how many, and how many still wait.
Use it for: what a source has to correct. Not for: which records (intermediate.int_quality__quarantine, restricted).'
);

SELECT
  source::VARCHAR AS source, /* Source that told the changes */
  batch::VARCHAR AS batch, /* Model of schema intermediate that holds them */
  fault_rule::VARCHAR AS fault_rule, /* Rule that they break */
  loaded_at::DATE AS loaded_on, /* Day of the load, UTC */
  COUNT(*)::BIGINT AS record_count, /* Faulty changes */
  COUNT_IF(is_held)::BIGINT AS held_count, /* Of those, how many no later change has settled */
  COUNT_IF(NOT is_held)::BIGINT AS readmitted_count, /* Of those, how many a later change without fault, or a delete, settled */
  MAX(settled_at)::TIMESTAMP AS settled_at /* When the last of those was settled, UTC */
FROM intermediate.int_quality__quarantine
GROUP BY
  source,
  batch,
  fault_rule,
  loaded_at::DATE
