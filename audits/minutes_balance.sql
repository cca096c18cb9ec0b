AUDIT (
  name minutes_balance,
  dialect snowflake,
  defaults (
    condition = TRUE
  )
);

/* Available and blocked time make up bookable time; nothing is longer than the day or the whole that it is part of. */
SELECT
  provider_id,
  clinic_id,
  local_date
FROM @this_model
WHERE
  (
    bookable_seconds <> available_seconds + blocked_seconds
    OR booked_seconds < fulfilled_seconds
    OR load_seconds < booked_seconds
    OR GREATEST(bookable_seconds, booked_seconds) > DATEDIFF(SECOND, day_starts_at, day_ends_at)
    OR LEAST(available_seconds, blocked_seconds, fulfilled_seconds) < 0
  )
  AND @condition
