MODEL (
  name core.dim_account,
  kind VIEW,
  owner analytics_engineering,
  grain account_version_key,
  tags ('layer=core', 'zone=restricted'),
  audits (
    unique_combination_of_columns(columns := (account_id, valid_from)),
    unique_values(columns := account_version_key),
    not_null(columns := (account_version_key, account_id, valid_from, valid_to, is_current)),
    history_is_seamless(key := account_id)
  ),
  description 'One row per version of an account, a customer of Northstar, from the app''s change log.
Use it for: plan, segment and status of an account as of a time (macro as_of) or now (is_current). Not for: the account''s
owner, which Salesforce knows.'
);

SELECT
  @version_key(version.account_id, version.valid_from)::BIGINT AS account_version_key, -- Version, surrogate key
  version.account_id::BIGINT AS account_id, -- Account, natural key; -1 for the unknown member
  version.valid_from::TIMESTAMP AS valid_from, -- First instant of the version, UTC; 1900-01-01 for the first known
  version.valid_to::TIMESTAMP AS valid_to, -- End, exclusive, UTC; 9999-12-31 while open
  (version.valid_to = CAST('9999-12-31' AS TIMESTAMP))::BOOLEAN AS is_current, -- Whether the version is open
  (version.valid_from = CAST('1900-01-01' AS TIMESTAMP))::BOOLEAN AS is_first_known, -- Whether the version is open to the past because nothing earlier is known
  version.account_number::TEXT AS account_number, -- Number by which people call the account
  version.account_name::TEXT AS account_name, -- Name of the account, an organisation
  version.segment::TEXT AS segment, -- smb, mid_market or enterprise
  version.plan_code::TEXT AS plan_code, -- Plan as the app knows it
  version.account_status::TEXT AS account_status, -- trial, active, past_due, suspended or churned
  version.billing_country::TEXT AS billing_country, -- ISO 3166 country of billing
  version.billing_currency::TEXT AS billing_currency, -- ISO 4217 currency of billing
  version.is_deleted::BOOLEAN AS is_deleted -- Whether the source had deleted it by then
FROM intermediate.int_directory__account_version AS version
UNION ALL
SELECT
  @version_key(-1, CAST('1900-01-01' AS TIMESTAMP))::BIGINT,
  -1::BIGINT,
  CAST('1900-01-01' AS TIMESTAMP),
  CAST('9999-12-31' AS TIMESTAMP),
  TRUE,
  TRUE,
  NULL::TEXT,
  'Unknown'::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  FALSE
