MODEL (
  name intermediate.@{batch}_audited,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column audited_through
  ),
  owner data_engineering,
  grain audited_through,
  tags (
    'layer=intermediate'
  ),
  blueprints (
    (
      batch := int_billing__credit_note_change
    ),
    (
      batch := int_billing__invoice_change
    ),
    (
      batch := int_billing__invoice_line_change
    ),
    (
      batch := int_billing__payer_change
    ),
    (
      batch := int_billing__payment_change
    ),
    (
      batch := int_billing__payment_allocation_change
    ),
    (
      batch := int_billing__refund_change
    ),
    (
      batch := int_directory__account_change
    ),
    (
      batch := int_directory__clinic_change
    ),
    (
      batch := int_directory__clinic_closure_change
    ),
    (
      batch := int_directory__provider_change
    ),
    (
      batch := int_directory__specialty_change
    ),
    (
      batch := int_identity__salesforce_account_change
    ),
    (
      batch := int_identity__stripe_customer_change
    ),
    (
      batch := int_partner__referral_lead_change
    ),
    (
      batch := int_partner__remittance_change
    ),
    (
      batch := int_partner__survey_response_change
    ),
    (
      batch := int_patients__patient_change
    ),
    (
      batch := int_platform__product_change
    ),
    (
      batch := int_platform__price_change
    ),
    (
      batch := int_platform__coupon_change
    ),
    (
      batch := int_platform__subscription_change
    ),
    (
      batch := int_platform__subscription_item_change
    ),
    (
      batch := int_platform__discount_change
    ),
    (
      batch := int_platform__invoice_change
    ),
    (
      batch := int_platform__invoice_line_change
    ),
    (
      batch := int_platform__credit_note_change
    ),
    (
      batch := int_platform__charge_change
    ),
    (
      batch := int_platform__refund_change
    ),
    (
      batch := int_platform__dispute_change
    ),
    (
      batch := int_platform__balance_transaction_change
    ),
    (
      batch := int_platform__payout_change
    ),
    (
      batch := int_platform__payout_transaction_change
    ),
    (
      batch := int_sales__lead_change
    ),
    (
      batch := int_sales__opportunity_change
    ),
    (
      batch := int_sales__opportunity_history_change
    ),
    (
      batch := int_sales__tracked_owner_change
    ),
    (
      batch := int_sales__user_change
    ),
    (
      batch := int_platform__invoice_payment_change
    ),
    (
      batch := int_scheduling__appointment_change
    ),
    (
      batch := int_scheduling__appointment_event_change
    ),
    (
      batch := int_scheduling__appointment_type_change
    ),
    (
      batch := int_scheduling__provider_schedule_change
    ),
    (
      batch := int_scheduling__schedule_exception_change
    )
  ),
  description 'One row per interval whose batch has passed its audits. SQLMesh does not run it while the batch fails.
Use it for: stopping a look at the whole log at what has been audited; how old its changes were. Not for: analysis. Grows by a row an interval.'
);

WITH arrived AS (
  SELECT
    fault_rule,
    IFF(NOT operation IN ('R', 'T'), DATEDIFF(SECOND, committed_at, @end_ts::TIMESTAMP) + 1, NULL) AS age_seconds
  FROM intermediate.@{batch}
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  @end_ts::TIMESTAMP AS audited_through, /* Last instant of the audited interval, UTC */
  COUNT(*)::BIGINT AS change_count, /* Changes in the interval, faulty ones included */
  COUNT(fault_rule)::BIGINT AS fault_count, /* Changes that went to quarantine */
  COUNT(age_seconds)::BIGINT AS live_count, /* Changes that the source told as they happened, first reads apart */
  MEDIAN(age_seconds)::DOUBLE AS median_age_seconds, /* Age of those at the end of the interval: half are younger */
  PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY
    age_seconds)::DOUBLE AS p95_age_seconds, /* 95 % are younger */
  MAX(age_seconds)::BIGINT AS longest_age_seconds /* Age of the oldest */
FROM arrived
