MODEL (
  name staging.stg_salesforce__lead,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=salesforce', 'phi=none'),
  description 'One row per change of a lead in Salesforce, a person at an organisation that may buy.
Name, contact and company stay in raw. Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Salesforce last changed the record, UTC */
  id::VARCHAR AS lead_id, /* Lead, natural key */
  owner_id::VARCHAR AS owner_id, /* User, or queue, that owns the lead */
  status::VARCHAR AS status, /* Status as sales keeps it */
  lead_source::VARCHAR AS lead_source, /* Where the lead came from */
  rating::VARCHAR AS rating, /* Hot, Warm or Cold */
  country::VARCHAR AS country, /* Country of the organisation */
  number_of_employees::BIGINT AS employee_count, /* Employees of the organisation */
  is_converted::BOOLEAN AS is_converted, /* Whether it became an account */
  converted_date::DATE AS converted_on, /* Day on which it became one */
  converted_account_id::VARCHAR AS converted_account_id, /* Account in Salesforce that it became */
  converted_opportunity_id::VARCHAR AS converted_opportunity_id, /* Opportunity opened by the conversion, if any */
  created_date::TIMESTAMP AS created_at, /* When the record was made, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_salesforce.lead
