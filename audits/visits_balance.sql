AUDIT (
  name visits_balance,
  dialect snowflake,
  defaults (
    condition = TRUE
  )
);

/* Visits on time are among those with a check-in, and those among the fulfilled. */
SELECT
  provider_id,
  clinic_id,
  local_date
FROM @this_model
WHERE
  (
    on_time_count < 0
    OR checked_in_count < on_time_count
    OR fulfilled_count < checked_in_count
    OR LEAST(no_show_count, attended_unfinished_count) < 0
  )
  AND @condition
