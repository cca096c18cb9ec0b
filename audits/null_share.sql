AUDIT (
  name null_share,
  dialect snowflake,
  defaults (min_rows = 100, condition = TRUE)
);

/* Any of the columns is NULL in more than max_share of the rows, when there are at least min_rows of them: an optional value that
used to be told is no longer. A condition may limit the rows, to the recent ones for instance. */
SELECT
  COUNT(*) AS row_count
FROM @this_model
WHERE
  @condition
HAVING
  COUNT(*) >= @min_rows
  AND (
    @REDUCE(@EACH(@columns, c -> COUNT(*) - COUNT(c) > @max_share * COUNT(*)), (l, r) -> l OR r)
  )
