AUDIT (
  name volume_in_line,
  dialect snowflake,
  blocking FALSE,
  defaults (slot = 'DAY', weeks = 4, min_weeks = 3, min_rows = 50, max_change = 0.5, condition = TRUE)
);

/* The last whole slot (DAY or HOUR, of a column of time) has more or fewer rows than the same slot of past weeks had on average, by
more than max_change of it. Judged only when min_weeks of them had rows, and min_rows on average: small numbers are uneven.
Reads the rows of the past weeks, not all. */
SELECT
  row_count,
  earlier_rows / earlier_weeks AS earlier_average
FROM (
  SELECT
    COUNT_IF(seconds_ago = 0) AS row_count,
    COUNT_IF(seconds_ago > 0) AS earlier_rows,
    COUNT(DISTINCT IFF(seconds_ago > 0, seconds_ago, NULL)) AS earlier_weeks
  FROM (
    SELECT
      DATEDIFF(SECOND, DATE_TRUNC(@slot, @column), DATE_TRUNC(@slot, DATEADD(SECOND, -1, DATE_TRUNC(@slot, @execution_ts::TIMESTAMP)))) AS seconds_ago
    FROM @this_model
    WHERE
      @condition
      AND @column >= DATEADD(DAY, -7 * @weeks, DATE_TRUNC(@slot, DATEADD(SECOND, -1, DATE_TRUNC(@slot, @execution_ts::TIMESTAMP))))
      AND @column < DATE_TRUNC(@slot, @execution_ts::TIMESTAMP)
  )
  WHERE
    seconds_ago % 604800 = 0
)
WHERE
  earlier_weeks >= @min_weeks
  AND earlier_rows >= @min_rows * earlier_weeks
  AND ABS(row_count * earlier_weeks - earlier_rows) > @max_change * earlier_rows
