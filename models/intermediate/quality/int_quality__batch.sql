MODEL (
  name intermediate.int_quality__batch,
  kind VIEW,
  owner data_engineering,
  cron '@daily',
  grain (batch, audited_through),
  tags (
    'layer=intermediate'
  ),
  description 'One row per batch and interval that has passed its audits: how many changes, how many faulty, and how old they were.
Use it for: the models of schema ops. Not for: what is wrong with which row (int_quality__quarantine).
A view over the records of the audits, which have a row an interval.'
);

SELECT
  source::VARCHAR AS source, /* Source that told the changes */
  batch::VARCHAR AS batch, /* Model of schema intermediate that holds them */
  audited_through::TIMESTAMP AS audited_through, /* Last instant of the audited interval, UTC */
  change_count::BIGINT AS change_count, /* Changes in the interval, faulty ones included */
  fault_count::BIGINT AS fault_count, /* Changes that went to quarantine */
  live_count::BIGINT AS live_count, /* Changes that the source told as they happened, first reads apart */
  median_age_seconds::DOUBLE AS median_age_seconds, /* Age of those at the end of the interval: half are younger */
  p95_age_seconds::DOUBLE AS p95_age_seconds, /* 95 % are younger */
  longest_age_seconds::BIGINT AS longest_age_seconds /* Age of the oldest */
FROM (
  @audited_batches()
) AS passed
