MODEL (
  name core.watermark_platform_billing,
  kind VIEW,
  owner analytics_engineering,
  grain subject,
  tags (
    'layer=core'
  ),
  audits (
    unique_values(columns := subject)
  ),
  description 'One row per subject: the time through which the data of the platform''s billing has arrived and passed its audits.
Use it for: telling complete periods from running ones in models about this subject alone, which then hang on no other source.
Not for: a report on several subjects (watermark).'
);

SELECT
  'platform_billing'::VARCHAR AS subject, /* What the data is about */
  DATEADD(
    MICROSECOND,
    1,
    LEAST(
      @audited_through(intermediate.int_platform__invoice_change),
      @audited_through(intermediate.int_platform__invoice_line_change),
      @audited_through(intermediate.int_platform__charge_change),
      @audited_through(intermediate.int_platform__balance_transaction_change)
    )
  )::TIMESTAMP AS complete_through /* End of what is complete, exclusive, UTC */
