AUDIT (
  name freed_balance,
  dialect snowflake,
  defaults (
    condition = TRUE
  )
);

/* No more time is booked again than cancellations freed, and no more was freed than the day has. */
SELECT
  provider_id,
  clinic_id,
  local_date
FROM @this_model
WHERE
  (
    rebooked_seconds < 0
    OR cancelled_seconds < rebooked_seconds
    OR cancelled_seconds > DATEDIFF(SECOND, day_starts_at, day_ends_at)
  )
  AND @condition
