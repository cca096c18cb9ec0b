AUDIT (
  name owner_agrees_with_tracking,
  dialect snowflake
);

/* Changes of owner that Salesforce tracked, and that the versions show otherwise: as of the instant, another owner.
Of several changes at one instant the last counts. */
SELECT
  tracked.salesforce_account_id,
  tracked.changed_at,
  tracked.new_owner_id,
  version.salesperson_id
FROM (
  SELECT
    salesforce_account_id,
    changed_at,
    new_owner_id
  FROM @tracked
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY salesforce_account_id, changed_at ORDER BY commit_lsn DESC) = 1
) AS tracked
JOIN @this_model AS version
  ON version.salesforce_account_id = tracked.salesforce_account_id
  AND version.valid_from <= tracked.changed_at
  AND tracked.changed_at < version.valid_to
WHERE
  version.salesperson_id <> tracked.new_owner_id
