AUDIT (
  name slots_balance,
  dialect snowflake,
  defaults (
    condition = TRUE
  )
);

/* No more slots are booked than there are. */
SELECT
  provider_id,
  clinic_id,
  local_date
FROM @this_model
WHERE
  (
    booked_slots > available_slots OR booked_slots < 0
  ) AND @condition
