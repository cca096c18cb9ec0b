MODEL (
  name core.watermark_sales,
  kind VIEW,
  owner analytics_engineering,
  grain subject,
  tags (
    'layer=core'
  ),
  audits (
    unique_values(columns := subject)
  ),
  description 'One row per subject: the time through which the data of Salesforce has arrived and passed its audits.
Use it for: telling complete periods from running ones in models about this subject alone, which then hang on no other source.
Not for: a report on several subjects (watermark).'
);

SELECT
  'sales'::VARCHAR AS subject, /* What the data is about */
  DATEADD(
    MICROSECOND,
    1,
    LEAST(
      @audited_through(intermediate.int_identity__salesforce_account_change),
      @audited_through(intermediate.int_sales__lead_change),
      @audited_through(intermediate.int_sales__opportunity_change),
      @audited_through(intermediate.int_sales__opportunity_history_change),
      @audited_through(intermediate.int_sales__tracked_owner_change),
      @audited_through(intermediate.int_sales__user_change)
    )
  )::TIMESTAMP AS complete_through /* End of what is complete, exclusive, UTC */
