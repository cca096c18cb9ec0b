MODEL (
  name intermediate.int_directory__account_version,
  kind VIEW,
  owner data_engineering,
  grain (account_id, valid_from),
  tags ('layer=intermediate', 'history=scd2'),
  description 'One row per version of an account: half-open [valid_from, valid_to), no gap, no overlap, exactly one open.
Use it for: the dimension. Not for: counting; a key has as many rows as it has versions.'
);

SELECT
  account_id::BIGINT AS account_id, /* Account, natural key */
  valid_from::TIMESTAMP AS valid_from, /* First instant of the version, UTC; 1900-01-01 for the first known */
  valid_to::TIMESTAMP AS valid_to, /* End, exclusive, UTC; 9999-12-31 while open */
  account_number::VARCHAR AS account_number, /* Number by which people call the account */
  account_name::VARCHAR AS account_name, /* Name of the account, an organisation */
  segment::VARCHAR AS segment, /* smb, mid_market or enterprise */
  plan_code::VARCHAR AS plan_code, /* Plan as the app knows it */
  account_status::VARCHAR AS account_status, /* trial, active, past_due, suspended or churned */
  billing_country::VARCHAR AS billing_country, /* ISO 3166 country of billing */
  billing_currency::VARCHAR AS billing_currency, /* ISO 4217 currency of billing */
  is_deleted::BOOLEAN AS is_deleted, /* Whether the source had deleted it by then */
  version_no::INT AS version_no, /* 1 for the first change known of the key */
  commit_lsn::BIGINT AS commit_lsn /* Transaction that opened the version */
FROM (
  @versions(
    intermediate.int_directory__account_change,
    account_id,
    (account_number, account_name, segment, plan_code, account_status, billing_country, billing_currency)
  )
)
