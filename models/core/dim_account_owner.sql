MODEL (
  name core.dim_account_owner,
  kind VIEW,
  owner analytics_engineering,
  grains (account_owner_version_key, (salesforce_account_id, valid_from)),
  references (
    salesperson_id
  ),
  tags ('layer=core', 'history=scd2'),
  depends_on (core.dim_salesforce_account, core.dim_salesperson, intermediate.int_sales__tracked_owner),
  audits (
    unique_values(columns := account_owner_version_key),
    not_null(columns := (account_owner_version_key, salesforce_account_id, valid_from, valid_to, is_current, salesperson_id)),
    history_is_seamless(key := salesforce_account_id),
    referential_integrity(references := (salesforce_account_id = core.dim_salesforce_account, salesperson_id = core.dim_salesperson)),
    owner_agrees_with_tracking(tracked := intermediate.int_sales__tracked_owner, blocking := FALSE)
  ),
  description 'One row per version of who owns an account in Salesforce.
Use it for: the owner of an account as of a time (macro as_of) or now (is_current). Not for: the owner of an opportunity, which has
its own. A version is exact to the instant where Salesforce''s own history tells it (is_tracked); where only polls do, a change is
dated by the last change of the account''s record that a poll saw, and an owner between two polls is missed.
That the dimension and Salesforce''s history agree is a warning and no stop: they are read one after the other, tracking can be
switched off by any administrator, and neither is mended by waiting.'
);

SELECT
  @version_key(version.salesforce_account_id, version.valid_from)::BIGINT AS account_owner_version_key, /* Version, surrogate key */
  version.salesforce_account_id::VARCHAR AS salesforce_account_id, /* Account in Salesforce, natural key; -1 for the unknown member */
  version.valid_from::TIMESTAMP AS valid_from, /* First instant of the version, UTC; 1900-01-01 for the first known */
  version.valid_to::TIMESTAMP AS valid_to, /* End, exclusive, UTC; 9999-12-31 while open */
  (
    version.valid_to = '9999-12-31'::TIMESTAMP
  )::BOOLEAN AS is_current, /* Whether the version is open */
  (
    version.valid_from = '1900-01-01'::TIMESTAMP
  )::BOOLEAN AS is_first_known, /* Whether the version is open to the past because nothing earlier is known */
  COALESCE(person.salesperson_id, '-1')::VARCHAR AS salesperson_id, /* Owner; -1 for none, or a user that is not known */
  version.is_tracked::BOOLEAN AS is_tracked /* Whether Salesforce's own history tells the version; else polls do */
FROM intermediate.int_sales__account_owner_version AS version
LEFT JOIN intermediate.int_sales__user AS person
  ON person.salesperson_id = version.owner_id
UNION ALL
SELECT
  @version_key('-1', '1900-01-01'::TIMESTAMP)::BIGINT,
  '-1'::VARCHAR,
  '1900-01-01'::TIMESTAMP,
  '9999-12-31'::TIMESTAMP,
  TRUE,
  TRUE,
  '-1'::VARCHAR,
  FALSE
