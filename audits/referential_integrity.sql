AUDIT (
  name referential_integrity,
  dialect snowflake
);

/* Values of a column that the parent's column of the same name does not have. */
SELECT
  child.@column
FROM @this_model AS child
LEFT JOIN @parent AS parent
  ON parent.@column = child.@column
WHERE
  NOT child.@column IS NULL AND parent.@column IS NULL
