MODEL (
  name intermediate.int_sales__opportunity_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (opportunity_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=salesforce'),
  signals (
    source_sealed(source := 'salesforce')
  ),
  audits (
    unique_combination_of_columns(columns := (opportunity_id, commit_lsn, commit_seq)),
    not_null(columns := (opportunity_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of an opportunity in Salesforce, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

SELECT
  changed.opportunity_id::VARCHAR AS opportunity_id, /* Opportunity, natural key */
  changed.operation::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  changed.commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  changed.commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  changed.committed_at::TIMESTAMP AS committed_at, /* When Salesforce last changed the record, UTC */
  changed.salesforce_account_id::VARCHAR AS salesforce_account_id, /* Account in Salesforce, NULL for a private one */
  changed.owner_id::VARCHAR AS owner_id, /* User who owns the opportunity */
  changed.opportunity_type::VARCHAR AS opportunity_type, /* New Business, Expansion or Renewal */
  changed.stage_name::VARCHAR AS stage_name, /* Stage as sales keeps it */
  changed.forecast_category::VARCHAR AS forecast_category, /* Pipeline, BestCase, Forecast, Closed or Omitted */
  changed.lead_source::VARCHAR AS lead_source, /* Where the opportunity came from */
  changed.loss_reason::VARCHAR AS loss_reason, /* Why it was lost */
  changed.is_closed::BOOLEAN AS is_closed, /* Whether it is decided */
  changed.is_won::BOOLEAN AS is_won, /* Whether it is won */
  changed.close_date::DATE AS close_date, /* Day of the decision, expected until it is closed */
  changed.probability_percent::DECIMAL(9, 2) AS probability_percent, /* Chance of winning that the stage stands for, per cent */
  changed.currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  @minor(changed.amount, known.exponent)::BIGINT AS amount_minor, /* Value of the opportunity, minor units, rounded to whole ones */
  changed.created_at::TIMESTAMP AS created_at, /* When the record was made, UTC */
  CASE
    WHEN changed.operation = 'D'
    THEN NULL
    WHEN stage_name IS NULL OR is_closed IS NULL OR is_won IS NULL
    THEN 'missing_stage'
    WHEN is_won AND NOT is_closed
    THEN 'won_but_open'
    WHEN close_date IS NULL OR created_at IS NULL
    THEN 'missing_time'
    WHEN @implausible((created_at, close_date), committed_at)
    THEN 'implausible_date'
    WHEN known.currency IS NULL
    THEN 'unknown_currency'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  changed.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_salesforce__opportunity AS changed
LEFT JOIN reference.currency AS known
  ON known.currency = changed.currency
WHERE
  changed.loaded_at BETWEEN @start_ts AND @end_ts
