AUDIT (
  name buckets_equal_balance,
  dialect snowflake
);

/* The ages of a balance add up to it. */
SELECT
  as_of_date
FROM @this_model
WHERE
  closing_minor <> not_due_minor + d1_30_minor + d31_60_minor + d61_90_minor + d90_plus_minor
