MODEL (
  name intermediate.int_scheduling__touched_month,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  grain (provider_id, month_start, touched_at),
  tags (
    'layer=intermediate'
  ),
  description 'One row per provider and local month whose sums an interval may have moved: by one of its days, by its returning patients,
or by a change of the provider, whose specialty parts a month. Use it for: bounding what int_scheduling__provider_month
recomputes. Not for: analysis. Grows by the days touched.'
);

WITH touched AS (
  SELECT
    provider_id,
    DATE_TRUNC('MONTH', local_date)::DATE AS month_start
  FROM intermediate.int_scheduling__touched_day
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    provider_id,
    month_start
  FROM intermediate.int_scheduling__touched_panel
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    day.provider_id,
    DATE_TRUNC('MONTH', day.local_date)::DATE AS month_start
  FROM intermediate.int_directory__provider_change AS provider
  JOIN intermediate.int_scheduling__provider_day AS day
    USING (provider_id)
  WHERE
    provider.loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  provider_id::BIGINT AS provider_id, /* Provider */
  month_start::DATE AS month_start, /* First day of the local month */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched the month, UTC */
FROM touched
