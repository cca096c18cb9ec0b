AUDIT (
  name referential_integrity,
  dialect snowflake,
  defaults (
    condition = TRUE
  )
);

/* Rows that refer to something that is not there: references are column = parent, or column = parent.key where the parent calls
it otherwise.  NULL refers to nothing and is left to not_null and null_share.
A model with this audit names the parents in depends_on: SQLMesh does not see parents of audits as dependencies, and would
audit before a parent is loaded, and in a dev environment against prod's.  A condition may limit the rows. */
SELECT
  *
FROM @this_model
WHERE
  @condition AND @refers_to_nothing(@references)
