AUDIT (
  name outcomes_balance,
  dialect snowflake,
  defaults (
    condition = TRUE
  )
);

/* Every scheduled appointment has one outcome; parts of the cancelled are not more than the whole; late is what has less than
24 hours' notice. */
SELECT
  clinic_id,
  appointment_type_id,
  local_date
FROM @this_model
WHERE
  (
    scheduled_count <> fulfilled_count + no_show_count + attended_unfinished_count + outstanding_count + cancelled_count
    OR cancelled_count < cancelled_by_patient_count + cancelled_by_clinic_count
    OR cancelled_count < late_cancelled_count + cancelled_24_to_72_hours_count + cancelled_over_72_hours_count
    OR late_cancelled_count <> cancelled_after_start_count + cancelled_under_2_hours_count + cancelled_2_to_24_hours_count
  )
  AND @condition
