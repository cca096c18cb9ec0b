AUDIT (
  name history_is_seamless,
  dialect snowflake,
  defaults (
    opens_past = TRUE
  )
);

/* Versions of a key that overlap the next, leave a gap to it, have no length, or are not open exactly once; with opens_past also
a first one that is not open to the past. */
SELECT
  @key,
  valid_from,
  valid_to
FROM (
  SELECT
    @key,
    valid_from,
    valid_to,
    is_current,
    LEAD(valid_from) OVER (PARTITION BY @key ORDER BY valid_from) AS next_from,
    ROW_NUMBER() OVER (PARTITION BY @key ORDER BY valid_from) AS version_no
  FROM @this_model
)
WHERE
  valid_from >= valid_to
  OR valid_to <> COALESCE(next_from, '9999-12-31'::TIMESTAMP)
  OR is_current <> (
    next_from IS NULL
  )
  OR (
    @opens_past AND version_no = 1 AND valid_from <> '1900-01-01'::TIMESTAMP
  )
