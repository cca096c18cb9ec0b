AUDIT (
  name bookings_equal_opportunities,
  dialect snowflake
);

/* Currencies in which the bookings are not the opportunities that were decided: each counts once, whoever owned its account. */
WITH booked AS (
  SELECT
    currency,
    SUM(won_count) AS won_count,
    SUM(lost_count) AS lost_count,
    SUM(won_amount) AS won_amount,
    SUM(lost_amount) AS lost_amount
  FROM @this_model
  GROUP BY
    currency
), decided AS (
  SELECT
    deal.currency,
    COUNT_IF(deal.is_won) AS won_count,
    COUNT_IF(NOT deal.is_won) AS lost_count,
    SUM(IFF(deal.is_won, @major(deal.amount_minor, known.exponent), 0)) AS won_amount,
    SUM(IFF(deal.is_won, 0, @major(deal.amount_minor, known.exponent))) AS lost_amount
  FROM @opportunities AS deal
  JOIN @currencies AS known
    ON known.currency = deal.currency
  WHERE
    deal.is_closed AND NOT deal.is_deleted
  GROUP BY
    deal.currency
)
SELECT
  currency
FROM booked
FULL JOIN decided
  USING (currency)
WHERE
  NOT EQUAL_NULL(booked.won_count, decided.won_count)
  OR NOT EQUAL_NULL(booked.lost_count, decided.lost_count)
  OR COALESCE(booked.won_amount, 0) <> COALESCE(decided.won_amount, 0)
  OR COALESCE(booked.lost_amount, 0) <> COALESCE(decided.lost_amount, 0)
