AUDIT (
  name small_cells_suppressed,
  dialect snowflake,
  defaults (
    threshold = 11
  )
);

/* Counts that tell of fewer patients than the threshold, or totals from which such a count can be had by subtraction. */
SELECT
  visit_year,
  zip3
FROM @this_model
GROUP BY
  visit_year,
  zip3
HAVING
  MIN(patients) < @threshold
  OR (
    MAX(IFF(specialty_group = 'all', visits, NULL)) - SUM(IFF(specialty_group = 'all', 0, COALESCE(visits, 0))) BETWEEN 1 AND @threshold - 1
  )
  OR (
    COUNT_IF(specialty_group = 'all' AND NOT is_suppressed) = 1 AND COUNT_IF(specialty_group <> 'all' AND is_suppressed) = 1
  )
