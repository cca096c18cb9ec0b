MODEL (
  name core.watermark_partner,
  kind VIEW,
  owner analytics_engineering,
  grain subject,
  tags (
    'layer=core'
  ),
  audits (
    unique_values(columns := subject)
  ),
  description 'One row per subject: the time through which the data of partner files has arrived and passed its audits.
Use it for: telling complete periods from running ones in models about this subject alone, which then hang on no other source.
Not for: a report on several subjects (watermark).'
);

SELECT
  'survey_response'::VARCHAR AS subject, /* What the data is about */
  DATEADD(MICROSECOND, 1, @audited_through(intermediate.int_partner__survey_response_change))::TIMESTAMP AS complete_through /* End of what is complete, exclusive, UTC */
UNION ALL
SELECT
  'remittance'::VARCHAR AS subject,
  DATEADD(MICROSECOND, 1, @audited_through(intermediate.int_partner__remittance_change))::TIMESTAMP AS complete_through
