MODEL (
  name intermediate.int_lifecycle__condition,
  kind VIEW,
  owner data_engineering,
  grain (account_id, condition, begins_at, ends_at),
  tags ('layer=intermediate', 'subject=lifecycle'),
  description 'One row per stretch of time, half-open [begins_at, ends_at), during which a condition of an account held:
known (from the earliest account in Salesforce, else from the app''s), lead (known to Salesforce, not yet to the app), trial, churned
(or deleted) and troubled (past due or suspended) by the app''s status, idle (30 days without a booking), overdue (an invoice of the
platform past its due date), started (from the first fulfilled visit on). But for known and lead nothing counts before the app made
the account. Stretches of a condition may overlap. Use it for: int_lifecycle__stage. Not for: counting.
A view over the days of accounts, in order, and over customers'' versions and invoices, which are few.'
);

WITH stretch AS (
  SELECT
    account_id,
    'known' AS condition,
    '1900-01-01'::TIMESTAMP AS begins_at,
    '9999-12-31'::TIMESTAMP AS ends_at
  FROM intermediate.int_directory__account
  UNION ALL
  SELECT
    account_id,
    'lead',
    '1900-01-01'::TIMESTAMP,
    created_at
  FROM intermediate.int_directory__account
  UNION ALL
  SELECT
    account_id,
    CASE
      WHEN is_deleted OR account_status = 'churned'
      THEN 'churned'
      WHEN account_status IN ('past_due', 'suspended')
      THEN 'troubled'
      WHEN account_status = 'trial'
      THEN 'trial'
    END,
    valid_from,
    valid_to
  FROM intermediate.int_directory__account_version
  UNION ALL
  SELECT
    account_id,
    condition,
    begins_at,
    ends_at
  FROM intermediate.int_lifecycle__usage
  UNION ALL
  SELECT
    account_id,
    'overdue',
    begins_at,
    ends_at
  FROM intermediate.int_lifecycle__overdue
), account AS (
  SELECT
    account.account_id,
    account.created_at,
    LEAST(account.created_at, COALESCE(MIN(crm.created_at), account.created_at)) AS known_at
  FROM intermediate.int_directory__account AS account
  LEFT JOIN intermediate.int_identity__account AS identity
    ON identity.account_id = account.account_id AND identity.system = 'salesforce'
  LEFT JOIN intermediate.int_sales__account AS crm
    ON crm.salesforce_account_id = identity.system_id
  GROUP BY
    account.account_id,
    account.created_at
), clipped AS (
  SELECT
    stretch.account_id,
    stretch.condition,
    GREATEST(stretch.begins_at, IFF(stretch.condition IN ('known', 'lead'), account.known_at, account.created_at)) AS begins_at,
    stretch.ends_at
  FROM stretch
  JOIN account
    USING (account_id)
)
SELECT
  account_id::BIGINT AS account_id, /* Account */
  condition::VARCHAR AS condition, /* known, lead, trial, churned, troubled, idle, overdue or started */
  begins_at::TIMESTAMP AS begins_at, /* First instant, UTC */
  ends_at::TIMESTAMP AS ends_at /* End, exclusive, UTC; 9999-12-31 while it lasts */
FROM clipped
WHERE
  NOT condition IS NULL AND begins_at < ends_at
