MODEL (
  name intermediate.int_sales__opportunity_history_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (opportunity_history_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=salesforce'),
  signals (
    source_sealed(source := 'salesforce')
  ),
  audits (
    unique_combination_of_columns(columns := (opportunity_history_id, commit_lsn, commit_seq)),
    not_null(columns := (opportunity_history_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of an entry in the history of an opportunity in Salesforce, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  changed.opportunity_history_id::VARCHAR AS opportunity_history_id, /* Entry of the history, natural key */
  changed.operation::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  changed.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  changed.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  changed.committed_at::TIMESTAMP AS committed_at, /* When Salesforce last changed the record, UTC */
  changed.opportunity_id::VARCHAR AS opportunity_id, /* Opportunity that was changed */
  changed.stage_name::VARCHAR AS stage_name, /* Stage from then on */
  changed.forecast_category::VARCHAR AS forecast_category, /* Pipeline, BestCase, Forecast, Closed or Omitted */
  changed.close_date::DATE AS close_date, /* Day of the decision as expected then */
  changed.probability_percent::DECIMAL(9, 2) AS probability_percent, /* Chance of winning, per cent */
  changed.amount::DECIMAL(18, 4) AS amount, /* Value from then on, major units of the opportunity's currency */
  changed.occurred_at::TIMESTAMP AS occurred_at, /* When it was changed, UTC */
  CASE
    WHEN changed.operation = 'D'
    THEN NULL
    WHEN opportunity_id IS NULL OR stage_name IS NULL
    THEN 'missing_key'
    WHEN occurred_at IS NULL
    THEN 'missing_time'
    WHEN @implausible((occurred_at, close_date), committed_at)
    THEN 'implausible_date'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  changed.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_salesforce__opportunity_history AS changed
WHERE
  changed.loaded_at BETWEEN @start_ts AND @end_ts
