AUDIT (
  name recognised_equals_billed,
  dialect snowflake
);

/* Over all days together, an invoice is recognised for what it is billed. */
SELECT
  @key
FROM @this_model
GROUP BY
  @key
HAVING
  SUM(billed_minor) <> SUM(recognised_minor)
