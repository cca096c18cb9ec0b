AUDIT (
  name months_add_up,
  dialect snowflake,
  defaults (
    touched = intermediate.int_scheduling__touched_month
  )
);

/* Months of a provider at a clinic, over all specialties, whose measure is not the sum of the days'; of touched months only. */
WITH touched AS (
  SELECT DISTINCT
    provider_id,
    month_start
  FROM @touched
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), month AS (
  SELECT
    summed.provider_id,
    summed.clinic_id,
    summed.month_start,
    SUM(summed.@measure) AS total
  FROM @this_model AS summed
  JOIN touched
    ON touched.provider_id = summed.provider_id AND touched.month_start = summed.month_start
  GROUP BY
    summed.provider_id,
    summed.clinic_id,
    summed.month_start
), daily AS (
  SELECT
    daily.provider_id,
    daily.clinic_id,
    touched.month_start,
    SUM(daily.@measure) AS total
  FROM @day AS daily
  JOIN touched
    ON touched.provider_id = daily.provider_id AND touched.month_start = DATE_TRUNC('MONTH', daily.local_date)
  GROUP BY
    daily.provider_id,
    daily.clinic_id,
    touched.month_start
)
SELECT
  provider_id,
  clinic_id,
  month_start
FROM month
FULL OUTER JOIN daily
  USING (provider_id, clinic_id, month_start)
WHERE
  COALESCE(month.total, 0) <> COALESCE(daily.total, 0)
