MODEL (
  name intermediate.int_sales__opportunity_history,
  kind VIEW,
  owner data_engineering,
  grain opportunity_history_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per entry in the history of opportunities in Salesforce, as last read. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  opportunity_history_id::VARCHAR AS opportunity_history_id, /* Entry of the history, natural key */
  opportunity_id::VARCHAR AS opportunity_id, /* Opportunity that was changed */
  stage_name::VARCHAR AS stage_name, /* Stage from then on */
  forecast_category::VARCHAR AS forecast_category, /* Pipeline, BestCase, Forecast, Closed or Omitted */
  close_date::DATE AS close_date, /* Day of the decision as expected then */
  probability_percent::DECIMAL(9, 2) AS probability_percent, /* Chance of winning, per cent */
  amount::DECIMAL(18, 4) AS amount, /* Value from then on, major units of the opportunity's currency */
  occurred_at::TIMESTAMP AS occurred_at, /* When it was changed, UTC */
  commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  is_deleted::BOOLEAN AS is_deleted /* Whether it is deleted in Salesforce */
FROM (
  @latest_image(intermediate.int_sales__opportunity_history_change, opportunity_history_id)
)
