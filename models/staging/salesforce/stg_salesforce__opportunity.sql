MODEL (
  name staging.stg_salesforce__opportunity,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=salesforce', 'phi=none'),
  description 'One row per change of an opportunity in Salesforce: a deal that may be won or lost.
Free text stays in raw. Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Salesforce last changed the record, UTC */
  id::VARCHAR AS opportunity_id, /* Opportunity, natural key */
  account_id::VARCHAR AS salesforce_account_id, /* Account in Salesforce, NULL for a private one */
  owner_id::VARCHAR AS owner_id, /* User who owns the opportunity */
  type::VARCHAR AS opportunity_type, /* New Business, Expansion or Renewal */
  stage_name::VARCHAR AS stage_name, /* Stage as sales keeps it */
  forecast_category::VARCHAR AS forecast_category, /* Pipeline, BestCase, Forecast, Closed or Omitted */
  lead_source::VARCHAR AS lead_source, /* Where the opportunity came from */
  loss_reason__c::VARCHAR AS loss_reason, /* Why it was lost */
  is_closed::BOOLEAN AS is_closed, /* Whether it is decided */
  is_won::BOOLEAN AS is_won, /* Whether it is won */
  close_date::DATE AS close_date, /* Day of the decision, expected until it is closed */
  probability::DECIMAL(9, 2) AS probability_percent, /* Chance of winning that the stage stands for, per cent */
  UPPER(currency_iso_code)::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  amount::DECIMAL(18, 4) AS amount, /* Value of the opportunity, major units */
  created_date::TIMESTAMP AS created_at, /* When the record was made, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_salesforce.opportunity
