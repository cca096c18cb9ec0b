MODEL (
  name core.watermark,
  kind VIEW,
  owner analytics_engineering,
  grain subject,
  tags (
    'layer=core'
  ),
  audits (
    unique_values(columns := subject),
    forall(criteria := (
      complete_through >= DATEADD(MINUTE, -105, @execution_ts::TIMESTAMP)
    ), blocking := FALSE)
  ),
  description 'One row per subject: the time through which its data has arrived and passed its audits.
Use it for: telling complete periods from running ones; the as-of time of a report. Not for: when a model last ran; a model about
one subject (watermark_scheduling and its like), which would hang on every source.'
);

SELECT
  subject::VARCHAR AS subject, /* What the data is about */
  complete_through::TIMESTAMP AS complete_through /* End of what is complete, exclusive, UTC */
FROM core.watermark_scheduling
UNION ALL
SELECT
  subject::VARCHAR,
  complete_through::TIMESTAMP
FROM core.watermark_patient_billing
UNION ALL
SELECT
  subject::VARCHAR,
  complete_through::TIMESTAMP
FROM core.watermark_platform_billing
UNION ALL
SELECT
  subject::VARCHAR,
  complete_through::TIMESTAMP
FROM core.watermark_finance
UNION ALL
SELECT
  subject::VARCHAR,
  complete_through::TIMESTAMP
FROM core.watermark_account
UNION ALL
SELECT
  subject::VARCHAR,
  complete_through::TIMESTAMP
FROM core.watermark_sales
UNION ALL
SELECT
  subject::VARCHAR,
  complete_through::TIMESTAMP
FROM core.watermark_partner
