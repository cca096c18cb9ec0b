MODEL (
  name intermediate.int_sales__account_owner_version,
  kind VIEW,
  owner data_engineering,
  grain (salesforce_account_id, valid_from),
  tags ('layer=intermediate', 'history=scd2'),
  description 'One row per version of an account''s owner: half-open [valid_from, valid_to), no gap, no overlap, exactly one open.
Salesforce''s own history of owners is taken where it is exact: each of its changes begins with the owner to whom the one before led,
and it names the owner that every poll saw. It reaches back before the first poll, and shows a change between two polls. Else the
versions are those that polls saw. Use it for: the dimension. Not for: counting; a key has as many rows as it has versions.
A view: as many rows as accounts had changes.'
);

WITH change AS (
  /* No later than the last poll: what is tracked after it, no poll can have seen. Of several at one instant the last counts */
  SELECT
    tracked.salesforce_account_id,
    tracked.old_owner_id,
    tracked.new_owner_id,
    tracked.changed_at,
    ROW_NUMBER() OVER (PARTITION BY tracked.salesforce_account_id ORDER BY tracked.changed_at, tracked.commit_lsn) AS step_no,
    LAG(tracked.new_owner_id) OVER (PARTITION BY tracked.salesforce_account_id ORDER BY tracked.changed_at, tracked.commit_lsn) AS led_to,
    LEAD(tracked.changed_at) OVER (PARTITION BY tracked.salesforce_account_id ORDER BY tracked.changed_at, tracked.commit_lsn) AS next_at
  FROM intermediate.int_sales__tracked_owner AS tracked
  JOIN intermediate.int_sales__account_owner AS polled
    ON polled.salesforce_account_id = tracked.salesforce_account_id
    AND polled.valid_to IS NULL
    AND tracked.changed_at <= polled.valid_from
), tracked_version AS (
  SELECT
    salesforce_account_id,
    old_owner_id AS owner_id,
    '1900-01-01'::TIMESTAMP AS valid_from,
    changed_at AS valid_to
  FROM change
  WHERE
    step_no = 1
  UNION ALL
  SELECT
    salesforce_account_id,
    new_owner_id,
    changed_at,
    COALESCE(next_at, '9999-12-31'::TIMESTAMP)
  FROM change
  WHERE
    changed_at < COALESCE(next_at, '9999-12-31'::TIMESTAMP)
), inexact AS (
  SELECT
    salesforce_account_id
  FROM change
  WHERE
    led_to <> old_owner_id
  UNION
  SELECT
    polled.salesforce_account_id
  FROM intermediate.int_sales__account_owner AS polled
  JOIN tracked_version AS tracked
    ON tracked.salesforce_account_id = polled.salesforce_account_id AND @as_of(tracked, polled.valid_from)
  WHERE
    tracked.owner_id <> polled.owner_id
), seen AS (
  SELECT
    salesforce_account_id,
    owner_id,
    valid_from,
    TRUE AS is_tracked
  FROM tracked_version
  WHERE
    NOT salesforce_account_id IN (
      SELECT
        salesforce_account_id
      FROM inexact
    )
  UNION ALL
  SELECT
    salesforce_account_id,
    owner_id,
    valid_from,
    FALSE
  FROM intermediate.int_sales__account_owner
  WHERE
    NOT salesforce_account_id IN (
      SELECT
        salesforce_account_id
      FROM tracked_version
    )
    OR salesforce_account_id IN (
      SELECT
        salesforce_account_id
      FROM inexact
    )
), kept AS (
  SELECT
    *
  FROM seen
  QUALIFY
    NOT EQUAL_NULL(owner_id, LAG(owner_id) OVER (PARTITION BY salesforce_account_id ORDER BY valid_from))
)
SELECT
  salesforce_account_id::VARCHAR AS salesforce_account_id, /* Account, natural key */
  IFF(LAG(valid_from) OVER (PARTITION BY salesforce_account_id ORDER BY valid_from) IS NULL, '1900-01-01'::TIMESTAMP, valid_from)::TIMESTAMP AS valid_from, /* First instant of the version, UTC; 1900-01-01 for the first known */
  COALESCE(LEAD(valid_from) OVER (PARTITION BY salesforce_account_id ORDER BY valid_from), '9999-12-31'::TIMESTAMP)::TIMESTAMP AS valid_to, /* End, exclusive, UTC; 9999-12-31 while open */
  owner_id::VARCHAR AS owner_id, /* User who owns it; -1 for none */
  is_tracked::BOOLEAN AS is_tracked /* Whether Salesforce's own history tells the version, exact to the instant; else polls do */
FROM kept
