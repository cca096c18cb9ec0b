MODEL (
  name core.fct_opportunity_stage,
  kind VIEW,
  owner analytics_engineering,
  grain opportunity_history_id,
  references (opportunity_id, currency),
  tags ('layer=core', 'fact=transaction', 'flow=follows'),
  depends_on (
    core.dim_currency
  ),
  audits (
    unique_values(columns := opportunity_history_id),
    not_null(columns := (opportunity_history_id, opportunity_id, stage_name, occurred_at)),
    referential_integrity(references := (
      currency = core.dim_currency
    )),
    freshness(column := occurred_at, max_age_minutes := 30 * 24 * 60),
    null_share(columns := currency, max_share := 0.2, blocking := FALSE)
  ),
  description 'One row per entry in the history of an opportunity: stage, value, chance and expected close date from an instant on.
A transaction fact. Use it for: pipeline as of a time, conversion and time between stages. Not for: the present state
(fct_opportunity). Entries stay when Salesforce removes them, with their opportunity or by age: what they told was so.
A view over audited state.'
);

SELECT
  entry.opportunity_history_id::VARCHAR AS opportunity_history_id, /* Entry, natural key */
  entry.opportunity_id::VARCHAR AS opportunity_id, /* Opportunity that was changed */
  deal.currency::VARCHAR AS currency, /* ISO 4217 currency of the amount; NULL when the opportunity is not known */
  entry.occurred_at::TIMESTAMP AS occurred_at, /* When it was changed, UTC */
  LEAD(entry.occurred_at) OVER (PARTITION BY entry.opportunity_id ORDER BY entry.occurred_at, entry.commit_lsn)::TIMESTAMP AS next_at, /* When the next entry followed, UTC; NULL for the last */
  LAG(entry.stage_name) OVER (PARTITION BY entry.opportunity_id ORDER BY entry.occurred_at, entry.commit_lsn)::VARCHAR AS from_stage_name, /* Stage before, NULL when the opportunity was opened; the same when only its value changed */
  entry.stage_name::VARCHAR AS stage_name, /* Stage from then on */
  entry.forecast_category::VARCHAR AS forecast_category, /* Pipeline, BestCase, Forecast, Closed or Omitted */
  entry.close_date::DATE AS close_date, /* Day of the decision as expected then */
  COALESCE(deal.is_deleted, FALSE)::BOOLEAN AS is_deleted, /* Whether the opportunity is deleted in Salesforce */
  entry.probability_percent::DECIMAL(9, 2) AS probability_percent, /* Chance of winning, per cent */
  @minor(entry.amount, known.exponent)::BIGINT AS amount_minor /* Value, minor units, rounded to whole ones; NULL when nobody entered it */
FROM intermediate.int_sales__opportunity_history AS entry
LEFT JOIN intermediate.int_sales__opportunity AS deal
  ON deal.opportunity_id = entry.opportunity_id
LEFT JOIN reference.currency AS known
  ON known.currency = deal.currency
