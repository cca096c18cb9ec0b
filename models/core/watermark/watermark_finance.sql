MODEL (
  name core.watermark_finance,
  kind VIEW,
  owner analytics_engineering,
  grain subject,
  tags (
    'layer=core'
  ),
  audits (
    unique_values(columns := subject)
  ),
  description 'One row per subject: the time through which the data of the daily facts of finance has arrived and passed its audits.
Use it for: telling complete periods from running ones in models about this subject alone, which then hang on no other source.
Not for: a report on several subjects (watermark).'
);

SELECT
  'patient_finance'::VARCHAR AS subject, /* What the data is about */
  DATEADD(MICROSECOND, 1, (
    SELECT
      MAX(settled_through)
    FROM intermediate.int_finance__patient_settled
  ))::TIMESTAMP AS complete_through /* End of what is complete, exclusive, UTC */
UNION ALL
SELECT
  'platform_finance'::VARCHAR AS subject,
  DATEADD(MICROSECOND, 1, (
    SELECT
      MAX(settled_through)
    FROM intermediate.int_finance__platform_settled
  ))::TIMESTAMP AS complete_through
