MODEL (
  name staging.stg_salesforce__opportunity_history,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=salesforce', 'phi=none'),
  description 'One row per change of an entry in the history that Salesforce keeps of stage, amount, probability and close date.
Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Salesforce last changed the record, UTC */
  id::VARCHAR AS opportunity_history_id, /* Entry of the history, natural key */
  opportunity_id::VARCHAR AS opportunity_id, /* Opportunity that was changed */
  stage_name::VARCHAR AS stage_name, /* Stage from then on */
  forecast_category::VARCHAR AS forecast_category, /* Pipeline, BestCase, Forecast, Closed or Omitted */
  close_date::DATE AS close_date, /* Day of the decision as expected then */
  probability::DECIMAL(9, 2) AS probability_percent, /* Chance of winning, per cent */
  amount::DECIMAL(18, 4) AS amount, /* Value from then on, major units of the opportunity's currency */
  created_date::TIMESTAMP AS occurred_at, /* When it was changed, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_salesforce.opportunity_history
