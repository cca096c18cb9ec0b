MODEL (
  name intermediate.int_scheduling__touched_panel,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  grain (provider_id, month_start, touched_at),
  tags (
    'layer=intermediate'
  ),
  description 'One row per provider and local month whose returning patients an interval may have moved: the 90 days after the month
ended, an appointment of the month or of those days was touched, or the provider changed. Use it for: bounding what
int_scheduling__panel_day recomputes. Not for: analysis.
A month is followed only once its 90 days are over, so that a tick brings corrections of the past, and one tick a month all
providers of one month.'
);

WITH touched AS (
  SELECT
    provider_id,
    DATE_TRUNC('MONTH', local_date)::DATE AS month_start
  FROM intermediate.int_scheduling__provider_visit_day
  WHERE
    @panel_followed_from(local_date) BETWEEN @start_ts AND @end_ts
  UNION
  SELECT
    visit.provider_id,
    DATE_TRUNC('MONTH', DATEADD(MONTH, -back.slot_no, visit.starts_on))::DATE AS month_start
  FROM intermediate.int_scheduling__touched_visit AS visit
  JOIN reference.slot_number AS back
    ON back.slot_no <= 4
  WHERE
    visit.touched_at BETWEEN @start_ts AND @end_ts
    AND visit.starts_on <= @last_return_on(DATEADD(MONTH, -back.slot_no, visit.starts_on))
  UNION
  SELECT
    visit.provider_id,
    DATE_TRUNC('MONTH', visit.local_date)::DATE AS month_start
  FROM intermediate.int_directory__provider_change AS provider
  JOIN intermediate.int_scheduling__provider_visit_day AS visit
    USING (provider_id)
  WHERE
    provider.loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  provider_id::BIGINT AS provider_id, /* Provider */
  month_start::DATE AS month_start, /* First day of the local month */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched the month, UTC */
FROM touched
WHERE
  @panel_followed_from(month_start) <= @end_ts
