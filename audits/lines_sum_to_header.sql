AUDIT (
  name lines_sum_to_header,
  dialect snowflake,
  defaults (
    condition = TRUE
  )
);

/* Headers of which an amount is not what their lines add up to; one without lines adds up to nothing. The model with the audit is
the headers', lines is the other, and both call the key the same. A condition may limit the headers. */
SELECT
  header.@key
FROM (
  SELECT
    @key,
    @amount AS amount
  FROM @this_model
  WHERE
    @condition
) AS header
LEFT JOIN (
  SELECT
    @key,
    SUM(@line_amount) AS amount
  FROM @lines
  GROUP BY
    @key
) AS line
  ON line.@key = header.@key
WHERE
  header.amount <> COALESCE(line.amount, 0)
