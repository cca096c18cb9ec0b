AUDIT (
  name balance_rolls_forward,
  dialect snowflake
);

/* Opening balance and the day's movements make the closing balance, which the next day opens with; no day is missing. */
SELECT
  @key,
  currency,
  as_of_date
FROM (
  SELECT
    @key,
    currency,
    as_of_date,
    opening_minor,
    closing_minor,
    billed_minor - paid_minor - credited_minor - voided_minor - written_off_minor + recovered_minor AS movement_minor,
    LAG(closing_minor, 1, 0) OVER (PARTITION BY @key, currency ORDER BY as_of_date) AS carried_minor,
    LAG(as_of_date) OVER (PARTITION BY @key, currency ORDER BY as_of_date) AS day_before
  FROM @this_model
)
WHERE
  opening_minor + movement_minor <> closing_minor
  OR opening_minor <> carried_minor
  OR DATEDIFF(DAY, day_before, as_of_date) > 1
