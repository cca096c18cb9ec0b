MODEL (
  name core.watermark,
  kind VIEW,
  owner analytics_engineering,
  grain subject,
  tags (
    'layer=core'
  ),
  audits (
    unique_values(columns := subject)
  ),
  description 'One row per subject: the time through which its data has arrived and passed its audits.
Use it for: telling complete periods from running ones; the as-of time of a report. Not for: when a model last ran.'
);

SELECT
  'appointment'::VARCHAR AS subject, /* What the data is about */
  DATEADD(MICROSECOND, 1, @audited_through(intermediate.int_scheduling__appointment_change))::TIMESTAMP AS complete_through /* End of what is complete, exclusive, UTC */
UNION ALL
SELECT
  'patient_billing'::VARCHAR,
  DATEADD(MICROSECOND, 1, @audited_through(intermediate.int_billing__balance))::TIMESTAMP
