MODEL (
  name intermediate.int_activity__touched_account_day,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column touched_at
  ),
  owner data_engineering,
  grain (account_id, activity_date, touched_at),
  tags (
    'layer=intermediate'
  ),
  description 'One row per account and UTC day on which an appointment that an interval changed is, or in an earlier version was, booked or
fulfilled. Use it for: bounding the recomputation of int_activity__account_day. Not for: analysis. Grows by what arrives.'
);

WITH touched AS (
  /* One look at the versions, not one for each kind of day */
  SELECT DISTINCT
    version.account_id,
    IFF(kind.is_booking, version.booked_at, version.fulfilled_at)::DATE AS activity_date
  FROM intermediate.int_scheduling__appointment_change AS version
  CROSS JOIN (
    SELECT
      TRUE AS is_booking
    UNION ALL
    SELECT
      FALSE
  ) AS kind
  WHERE
    version.fault_rule IS NULL
    AND version.operation <> 'D'
    AND version.appointment_id IN (
      SELECT
        appointment_id
      FROM intermediate.int_scheduling__appointment_change
      WHERE
        loaded_at BETWEEN @start_ts AND @end_ts
    )
)
SELECT
  account_id::BIGINT AS account_id, /* Account that the clinic of the appointment belongs to */
  activity_date::DATE AS activity_date, /* UTC day */
  @end_ts::TIMESTAMP AS touched_at /* End of the interval that touched the day, UTC */
FROM touched
WHERE
  NOT account_id IS NULL AND NOT activity_date IS NULL
