MODEL (
  name core.dim_account,
  kind VIEW,
  owner analytics_engineering,
  grains (account_version_key, (account_id, valid_from)),
  tags ('layer=core', 'zone=restricted'),
  audits (
    unique_values(columns := account_version_key),
    not_null(columns := (account_version_key, account_id, valid_from, valid_to, is_current)),
    history_is_seamless(key := account_id)
  ),
  description 'One row per version of an account, a customer of Northstar, from the app''s change log.
Use it for: plan, segment and status of an account as of a time (macro as_of) or now (is_current). Not for: the account''s
owner, which Salesforce knows.'
);

SELECT
  @version_key(version.account_id, version.valid_from)::BIGINT AS account_version_key, /* Version, surrogate key */
  version.account_id::BIGINT AS account_id, /* Account, natural key; -1 for the unknown member */
  version.valid_from::TIMESTAMP AS valid_from, /* First instant of the version, UTC; 1900-01-01 for the first known */
  version.valid_to::TIMESTAMP AS valid_to, /* End, exclusive, UTC; 9999-12-31 while open */
  (
    version.valid_to = '9999-12-31'::TIMESTAMP
  )::BOOLEAN AS is_current, /* Whether the version is open */
  (
    version.valid_from = '1900-01-01'::TIMESTAMP
  )::BOOLEAN AS is_first_known, /* Whether the version is open to the past because nothing earlier is known */
  version.account_number::VARCHAR AS account_number, /* Number by which people call the account */
  version.account_name::VARCHAR AS account_name, /* Name of the account, an organisation */
  version.segment::VARCHAR AS segment, /* smb, mid_market or enterprise */
  version.plan_code::VARCHAR AS plan_code, /* Plan as the app knows it */
  version.account_status::VARCHAR AS account_status, /* trial, active, past_due, suspended or churned */
  version.billing_country::VARCHAR AS billing_country, /* ISO 3166 country of billing */
  version.billing_currency::VARCHAR AS billing_currency, /* ISO 4217 currency of billing */
  version.is_deleted::BOOLEAN AS is_deleted /* Whether the source had deleted it by then */
FROM intermediate.int_directory__account_version AS version
UNION ALL
SELECT
  @version_key(-1, '1900-01-01'::TIMESTAMP)::BIGINT,
  -1::BIGINT,
  '1900-01-01'::TIMESTAMP,
  '9999-12-31'::TIMESTAMP,
  TRUE,
  TRUE,
  NULL::VARCHAR,
  'Unknown'::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  FALSE
