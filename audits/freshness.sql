AUDIT (
  name freshness,
  dialect snowflake,
  blocking FALSE,
  defaults (
    condition = TRUE
  )
);

/* The newest row, by a column of time, is older than max_age_minutes when the model runs; nothing at all is old too. Times that have
not come yet are left out, as one wrong date would hide all that is missing. */
SELECT
  MAX(@column) AS newest
FROM @this_model
WHERE
  @condition AND @column <= @execution_ts::TIMESTAMP
HAVING
  COALESCE(MAX(@column), '1900-01-01'::TIMESTAMP) < DATEADD(MINUTE, -1 * @max_age_minutes, @execution_ts::TIMESTAMP)
