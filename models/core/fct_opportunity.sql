MODEL (
  name core.fct_opportunity,
  kind VIEW,
  owner analytics_engineering,
  grain opportunity_id,
  references (salesforce_account_id, salesperson_id, currency),
  tags ('layer=core', 'fact=accumulating_snapshot', 'flow=sparse'),
  depends_on (core.dim_salesforce_account, core.dim_salesperson, core.dim_currency),
  audits (
    unique_values(columns := opportunity_id),
    not_null(columns := (opportunity_id, salesforce_account_id, salesperson_id, currency, created_at, close_date, is_closed, is_won)),
    referential_integrity(
      references := (salesforce_account_id = core.dim_salesforce_account, salesperson_id = core.dim_salesperson, currency = core.dim_currency)
    )
  ),
  description 'One row per opportunity, a deal that may be won or lost; an accumulating snapshot: it fills up until it is closed.
Use it for: bookings, win rates, pipeline as it is now, sales cycles. Not for: pipeline as it was (fct_opportunity_stage); for
whom a booking counts, which goes by the account''s owner on the close date (dim_account_owner). Deleted ones stay, flagged.
A view over state that only audited changes reach.'
);

WITH entry AS (
  SELECT
    opportunity_id,
    stage_name,
    occurred_at,
    LAG(stage_name) OVER (PARTITION BY opportunity_id ORDER BY occurred_at, commit_lsn) AS from_stage_name
  FROM intermediate.int_sales__opportunity_history
), stage AS (
  SELECT
    opportunity_id,
    stage_name,
    MAX(occurred_at) AS entered_at
  FROM entry
  WHERE
    NOT EQUAL_NULL(stage_name, from_stage_name)
  GROUP BY
    opportunity_id,
    stage_name
)
SELECT
  deal.opportunity_id::VARCHAR AS opportunity_id, /* Opportunity, natural key */
  COALESCE(crm.salesforce_account_id, '-1')::VARCHAR AS salesforce_account_id, /* Account in Salesforce; -1 for a private opportunity, or one whose account was never seen alive */
  COALESCE(person.salesperson_id, '-1')::VARCHAR AS salesperson_id, /* Owner of the opportunity now; -1 when not known */
  deal.currency::VARCHAR AS currency, /* ISO 4217 currency of the amount */
  deal.created_at::TIMESTAMP AS created_at, /* When it was opened, UTC */
  stage.entered_at::TIMESTAMP AS stage_entered_at, /* When its present stage began, UTC */
  IFF(deal.is_closed, stage.entered_at, NULL)::TIMESTAMP AS closed_at, /* When it was decided, UTC; NULL while open */
  deal.close_date::DATE AS close_date, /* Day of the decision as sales books it; expected while open */
  deal.opportunity_type::VARCHAR AS opportunity_type, /* New Business, Expansion or Renewal */
  deal.stage_name::VARCHAR AS stage_name, /* Stage as sales keeps it */
  deal.forecast_category::VARCHAR AS forecast_category, /* Pipeline, BestCase, Forecast, Closed or Omitted */
  deal.lead_source::VARCHAR AS lead_source, /* Where the opportunity came from */
  deal.loss_reason::VARCHAR AS loss_reason, /* Why it was lost, NULL when it was not */
  deal.is_closed::BOOLEAN AS is_closed, /* Whether it is decided */
  deal.is_won::BOOLEAN AS is_won, /* Whether it is won */
  deal.is_deleted::BOOLEAN AS is_deleted, /* Whether it is deleted in Salesforce */
  deal.probability_percent::DECIMAL(9, 2) AS probability_percent, /* Chance of winning that the stage stands for, per cent */
  deal.amount_minor::BIGINT AS amount_minor /* Value, minor units, rounded to whole ones; NULL when nobody entered it */
FROM intermediate.int_sales__opportunity AS deal
LEFT JOIN intermediate.int_sales__account AS crm
  ON crm.salesforce_account_id = deal.salesforce_account_id
LEFT JOIN intermediate.int_sales__user AS person
  ON person.salesperson_id = deal.owner_id
LEFT JOIN stage
  ON stage.opportunity_id = deal.opportunity_id AND stage.stage_name = deal.stage_name
