AUDIT (
  name reconciles,
  dialect snowflake,
  defaults (condition = TRUE, other_condition = TRUE)
);

/* Keys for which a measure, summed, is one thing in this model and another in the other; what only one of them has counts as nothing
there. Both call the columns of the key the same. Conditions limit the rows of either. */
SELECT
  @EACH(@key, c -> c)
FROM (
  SELECT
    @EACH(@key, c -> c),
    @measure AS measure
  FROM @this_model
  WHERE
    @condition
  UNION ALL
  SELECT
    @EACH(@key, c -> c),
    -1 * (
      @other_measure
    )
  FROM @other
  WHERE
    @other_condition
)
GROUP BY
  @EACH(@key, c -> c)
HAVING
  SUM(measure) <> 0
