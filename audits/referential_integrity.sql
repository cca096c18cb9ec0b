AUDIT (
  name referential_integrity,
  dialect snowflake,
  defaults (
    condition = TRUE
  )
);

/* Values of a column that the parent's column of the same name does not have.
A model with this audit names the parent in depends_on: SQLMesh does not see parents of audits as dependencies, and would
audit before the parent is loaded, and in a dev environment against prod's.  A condition may limit the rows.
-2 stands for all patients whom the warehouse was told to forget: a member of core.dim_patient, and of nothing below. */
SELECT
  child.@column
FROM @this_model AS child
LEFT JOIN @parent AS parent
  ON parent.@column = child.@column
WHERE
  NOT child.@column IS NULL AND parent.@column IS NULL AND child.@column::VARCHAR <> '-2' AND @condition
