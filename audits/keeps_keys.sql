AUDIT (
  name keeps_keys,
  dialect snowflake
);

/* Keys of the parent that the model lost, in a join that should have found one row for each. */
SELECT
  parent.@key
FROM @parent AS parent
LEFT JOIN @this_model AS child
  ON child.@key = parent.@key
WHERE
  child.@key IS NULL
