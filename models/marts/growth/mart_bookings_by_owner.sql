MODEL (
  name marts_growth.mart_bookings_by_owner,
  kind VIEW,
  owner analytics_engineering,
  grain (close_month, salesperson_id, currency),
  references (salesperson_id, currency),
  tags ('layer=mart', 'subject=growth', 'cadence=half_hour'),
  audits (
    unique_combination_of_columns(columns := (close_month, salesperson_id, currency)),
    not_null(columns := (close_month, salesperson_id, currency, salesperson_name, won_amount, lost_amount)),
    bookings_equal_opportunities(opportunities := core.fct_opportunity, currencies := core.dim_currency)
  ),
  description 'One row per month of the close date, salesperson and currency in which the salesperson won or lost opportunities.
Answers: what was booked, by whom, and how much of what was decided was won. An opportunity counts for the owner of its account at
the end of the close date (UTC), also when the account has changed hands since, and whoever owns the opportunity.
Use it for: bookings and win rates; add amounts of one currency, then divide. Not for: pipeline, as open opportunities are left
out; revenue (mart_revenue_day). Deleted opportunities are left out. In US dollars each day counts at its rate.
A view: opportunities are few.'
);

WITH day AS (
  SELECT
    deal.close_date,
    owner.salesperson_id,
    deal.currency,
    COUNT_IF(deal.is_won) AS won_count,
    COUNT_IF(NOT deal.is_won) AS lost_count,
    COUNT_IF(deal.amount_minor IS NULL) AS unvalued_count,
    COALESCE(SUM(IFF(deal.is_won, deal.amount_minor, 0)), 0) AS won_minor,
    COALESCE(SUM(IFF(deal.is_won, 0, deal.amount_minor)), 0) AS lost_minor
  FROM core.fct_opportunity AS deal
  JOIN core.dim_account_owner AS owner
    ON owner.salesforce_account_id = deal.salesforce_account_id
    AND @as_of(owner, DATEADD(MICROSECOND, -1, DATEADD(DAY, 1, deal.close_date::TIMESTAMP)))
  WHERE
    deal.is_closed AND NOT deal.is_deleted
  GROUP BY
    deal.close_date,
    owner.salesperson_id,
    deal.currency
), month AS (
  SELECT
    DATE_TRUNC('MONTH', day.close_date)::DATE AS close_month,
    day.salesperson_id,
    day.currency,
    currency.exponent,
    SUM(day.won_count) AS won_count,
    SUM(day.lost_count) AS lost_count,
    SUM(day.unvalued_count) AS unvalued_count,
    SUM(day.won_minor) AS won_minor,
    SUM(day.lost_minor) AS lost_minor,
    SUM(@reporting(day.won_minor, currency.exponent, rate.usd_per_unit)) AS won_usd,
    SUM(@reporting(day.lost_minor, currency.exponent, rate.usd_per_unit)) AS lost_usd
  FROM day
  JOIN core.dim_currency AS currency
    ON currency.currency = day.currency
  LEFT JOIN core.dim_exchange_rate AS rate
    ON rate.currency = day.currency AND @as_of(rate, day.close_date)
  GROUP BY ALL
)
SELECT
  month.close_month::DATE AS close_month, /* First day of the month of the close date */
  month.salesperson_id::VARCHAR AS salesperson_id, /* Owner of the account at the end of the close date; -1 when not known */
  month.currency::VARCHAR AS currency, /* ISO 4217 currency of the opportunities */
  (
    DATEADD(MONTH, 1, month.close_month)::TIMESTAMP <= watermark.complete_through
  )::BOOLEAN AS is_period_complete, /* Whether the month is over in data that has arrived */
  person.name::VARCHAR AS salesperson_name, /* Name of the salesperson */
  person.manager_id::VARCHAR AS manager_id, /* Manager of the salesperson now */
  person.manager_name::VARCHAR AS manager_name, /* Name of the manager */
  month.won_count::BIGINT AS won_count, /* Opportunities won */
  month.lost_count::BIGINT AS lost_count, /* Opportunities lost */
  month.unvalued_count::BIGINT AS unvalued_count, /* Of both, those without an amount, which count as nothing */
  @major(month.won_minor, month.exponent)::DECIMAL(18, 3) AS won_amount, /* Value of those won: bookings */
  @major(month.lost_minor, month.exponent)::DECIMAL(18, 3) AS lost_amount, /* Value of those lost */
  month.won_usd::DECIMAL(18, 2) AS won_amount_usd, /* Bookings in US dollars; NULL without a rate */
  month.lost_usd::DECIMAL(18, 2) AS lost_amount_usd, /* Value of those lost in US dollars; NULL without a rate */
  ROUND(month.won_minor / NULLIF(month.won_minor + month.lost_minor, 0), 4)::DECIMAL(9, 4) AS win_rate /* Won by won and lost, by value; NULL when nothing of value was decided */
FROM month
JOIN core.dim_salesperson AS person
  ON person.salesperson_id = month.salesperson_id
JOIN core.watermark_sales AS watermark
  ON watermark.subject = 'sales'
