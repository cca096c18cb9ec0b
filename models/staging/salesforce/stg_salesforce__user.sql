MODEL (
  name staging.stg_salesforce__user,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=salesforce', 'phi=none'),
  description 'One row per change of a user of Salesforce: an employee of Northstar who sells, manages or integrates.
E-mail and login stay in raw. Use it for: the audited batch. Not for: analysis; it holds every image, also faulty ones.'
);

SELECT
  _op::VARCHAR AS operation, /* R first read, I new, U changed, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which the changes were read */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Salesforce last changed the record, UTC */
  id::VARCHAR AS salesperson_id, /* User, natural key */
  name::VARCHAR AS name, /* Name of the employee */
  title::VARCHAR AS title, /* Job title */
  department::VARCHAR AS department, /* Department */
  manager_id::VARCHAR AS manager_id, /* User who manages this one, NULL at the top */
  is_active::BOOLEAN AS is_active, /* Whether the user may log in */
  created_date::TIMESTAMP AS created_at, /* When the record was made, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_salesforce.user
