AUDIT (
  name panel_balance,
  dialect snowflake,
  defaults (
    condition = TRUE
  )
);

/* No more patients return than there are. */
SELECT
  provider_id,
  clinic_id,
  local_date
FROM @this_model
WHERE
  (
    returning_patients < 0 OR panel_patients < returning_patients
  ) AND @condition
