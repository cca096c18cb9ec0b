AUDIT (
  name rolls_forward,
  dialect snowflake,
  defaults (step = 'DAY', first_opening = 0)
);

/* What a period opens with and its movement make what it closes with, which the next period of the key opens with; the first opens with
first_opening, and no period (a DAY or a MONTH, whose first day the column period holds) is missing in between. */
SELECT
  *
FROM (
  SELECT
    @period,
    @opening AS opening,
    @movement AS movement,
    @closing AS closing,
    LAG(@closing, 1, @first_opening) OVER (PARTITION BY @EACH(@key, c -> c) ORDER BY @period) AS carried,
    LAG(@period) OVER (PARTITION BY @EACH(@key, c -> c) ORDER BY @period) AS period_before
  FROM @this_model
)
WHERE
  opening + movement <> closing OR opening <> carried OR DATEDIFF(@step, period_before, @period) > 1
