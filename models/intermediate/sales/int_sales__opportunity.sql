MODEL (
  name intermediate.int_sales__opportunity,
  kind VIEW,
  owner data_engineering,
  grain opportunity_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per opportunity in Salesforce, as last read. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  opportunity_id::VARCHAR AS opportunity_id, /* Opportunity, natural key */
  salesforce_account_id::VARCHAR AS salesforce_account_id, /* Account in Salesforce, NULL for a private one */
  owner_id::VARCHAR AS owner_id, /* User who owns the opportunity */
  opportunity_type::VARCHAR AS opportunity_type, /* New Business, Expansion or Renewal */
  stage_name::VARCHAR AS stage_name, /* Stage as sales keeps it */
  forecast_category::VARCHAR AS forecast_category, /* Pipeline, BestCase, Forecast, Closed or Omitted */
  lead_source::VARCHAR AS lead_source, /* Where the opportunity came from */
  loss_reason::VARCHAR AS loss_reason, /* Why it was lost */
  is_closed::BOOLEAN AS is_closed, /* Whether it is decided */
  is_won::BOOLEAN AS is_won, /* Whether it is won */
  close_date::DATE AS close_date, /* Day of the decision, expected until it is closed */
  probability_percent::DECIMAL(9, 2) AS probability_percent, /* Chance of winning that the stage stands for, per cent */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  amount_minor::BIGINT AS amount_minor, /* Value of the opportunity, minor units, rounded to whole ones */
  created_at::TIMESTAMP AS created_at, /* When the record was made, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it is deleted in Salesforce */
FROM (
  @latest_image(intermediate.int_sales__opportunity_change, opportunity_id)
)
