AUDIT (
  name fault_share,
  dialect snowflake,
  defaults (max_share = 0.05, min_faults = 10)
);

/* A systemic fault: more than max_share of an interval's changes are faulty, and at least min_faults of them. */
SELECT
  COUNT(*) AS change_count,
  COUNT(fault_rule) AS fault_count
FROM @this_model
HAVING
  COUNT(fault_rule) >= @min_faults AND COUNT(fault_rule) > @max_share * COUNT(*)
