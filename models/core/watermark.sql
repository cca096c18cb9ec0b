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
UNION ALL
SELECT
  'platform_billing'::VARCHAR,
  DATEADD(
    MICROSECOND,
    1,
    LEAST(
      @audited_through(intermediate.int_platform__invoice_change),
      @audited_through(intermediate.int_platform__invoice_line_change),
      @audited_through(intermediate.int_platform__charge_change),
      @audited_through(intermediate.int_platform__balance_transaction_change)
    )
  )::TIMESTAMP
UNION ALL
SELECT
  'patient_finance'::VARCHAR,
  DATEADD(MICROSECOND, 1, (
    SELECT
      MAX(settled_through)
    FROM intermediate.int_finance__patient_settled
  ))::TIMESTAMP
UNION ALL
SELECT
  'platform_finance'::VARCHAR,
  DATEADD(MICROSECOND, 1, (
    SELECT
      MAX(settled_through)
    FROM intermediate.int_finance__platform_settled
  ))::TIMESTAMP
UNION ALL
SELECT
  'account'::VARCHAR,
  DATEADD(MICROSECOND, 1, @audited_through(intermediate.int_directory__account_change))::TIMESTAMP
UNION ALL
SELECT
  'sales'::VARCHAR,
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
  )::TIMESTAMP
UNION ALL
SELECT
  'survey_response'::VARCHAR,
  DATEADD(MICROSECOND, 1, @audited_through(intermediate.int_partner__survey_response_change))::TIMESTAMP
UNION ALL
SELECT
  'remittance'::VARCHAR,
  DATEADD(MICROSECOND, 1, @audited_through(intermediate.int_partner__remittance_change))::TIMESTAMP
