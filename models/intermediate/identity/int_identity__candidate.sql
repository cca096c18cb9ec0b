MODEL (
  name intermediate.int_identity__candidate,
  kind VIEW,
  owner data_engineering,
  grain (system, system_id, account_id, match_rule),
  tags ('layer=intermediate', 'subject=identity'),
  description 'One row per app account that a record of another system may be, with the rule that says so and its rank of trust.
Use it for: int_identity__account. Not for: joining; a record may have several candidates.'
);

WITH record AS (
  SELECT
    'stripe' AS system,
    stripe_customer_id AS system_id,
    account_number,
    @comparable_name(customer_name) AS comparable_name
  FROM (
    @latest_image(intermediate.int_identity__stripe_customer_change, stripe_customer_id)
  )
  WHERE
    NOT is_deleted
  UNION ALL
  SELECT
    'salesforce' AS system,
    salesforce_account_id AS system_id,
    account_number,
    @comparable_name(account_name) AS comparable_name
  FROM (
    @latest_image(intermediate.int_identity__salesforce_account_change, salesforce_account_id)
  )
  WHERE
    NOT is_deleted
), account AS (
  SELECT
    account_id,
    account_number,
    stripe_customer_id,
    salesforce_account_id,
    @comparable_name(account_name) AS comparable_name
  FROM intermediate.int_directory__account
  WHERE
    NOT is_deleted
), candidate AS (
  SELECT
    record.system,
    record.system_id,
    account.account_id,
    1 AS trust_rank,
    'linked_id' AS match_rule
  FROM record
  JOIN account
    ON record.system_id = IFF(record.system = 'stripe', account.stripe_customer_id, account.salesforce_account_id)
  UNION ALL
  SELECT
    record.system,
    record.system_id,
    account.account_id,
    2 AS trust_rank,
    'account_number' AS match_rule
  FROM record
  JOIN account
    ON record.account_number = account.account_number
  UNION ALL
  SELECT
    record.system,
    record.system_id,
    account.account_id,
    3 AS trust_rank,
    'same_name' AS match_rule
  FROM record
  JOIN account
    ON record.comparable_name = account.comparable_name
)
SELECT
  record.system::VARCHAR AS system, /* stripe or salesforce */
  record.system_id::VARCHAR AS system_id, /* Id of the record there */
  candidate.account_id::BIGINT AS account_id, /* App account that it may be, NULL when there is none */
  candidate.trust_rank::INT AS trust_rank, /* 1 the app's own link, 2 the account number, 3 the name */
  candidate.match_rule::VARCHAR AS match_rule /* linked_id, account_number or same_name */
FROM record
LEFT JOIN candidate
  USING (system, system_id)
