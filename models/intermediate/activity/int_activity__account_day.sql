MODEL (
  name intermediate.int_activity__account_day,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (account_id, activity_date)
  ),
  owner data_engineering,
  grain (account_id, activity_date),
  tags (
    'layer=intermediate'
  ),
  audits (
    unique_combination_of_columns(columns := (account_id, activity_date)),
    not_null(columns := (account_id, activity_date, booked_count, fulfilled_count))
  ),
  description 'One row per account and UTC day on which appointments of its clinics were booked or fulfilled: how many, and the first and
last instant. Appointments entered in error were never booked; cancelled ones were. Use it for: core.fct_account_day, booking gaps.
Not for: days of visits (core.fct_clinic_day). A day that its appointments have left stays, with zeros.
Recomputed for touched days only: the cost is finding the appointments of those days.'
);

WITH day AS (
  SELECT DISTINCT
    account_id,
    activity_date
  FROM intermediate.int_activity__touched_account_day
  WHERE
    touched_at BETWEEN @start_ts AND @end_ts
), event AS (
  SELECT
    account_id,
    booked_at::DATE AS activity_date,
    booked_at,
    NULL AS fulfilled_at
  FROM intermediate.int_scheduling__appointment
  WHERE
    NOT is_deleted AND status <> 'entered-in-error' AND NOT booked_at IS NULL
  UNION ALL
  SELECT
    account_id,
    fulfilled_at::DATE,
    NULL,
    fulfilled_at
  FROM intermediate.int_scheduling__appointment
  WHERE
    NOT is_deleted AND status = 'fulfilled' AND NOT fulfilled_at IS NULL
)
SELECT
  day.account_id::BIGINT AS account_id, /* Account that the clinics belong to */
  day.activity_date::DATE AS activity_date, /* UTC day */
  MIN(event.booked_at)::TIMESTAMP AS first_booked_at, /* First booking of the day, UTC */
  MAX(event.booked_at)::TIMESTAMP AS last_booked_at, /* Last booking of the day, UTC */
  MIN(event.fulfilled_at)::TIMESTAMP AS first_fulfilled_at, /* First visit done that day, UTC */
  COUNT(event.booked_at)::BIGINT AS booked_count, /* Appointments booked that day */
  COUNT(event.fulfilled_at)::BIGINT AS fulfilled_count /* Visits done that day */
FROM day
LEFT JOIN event
  USING (account_id, activity_date)
GROUP BY
  day.account_id,
  day.activity_date
