MODEL (
  name marts_growth.mart_account_health,
  kind VIEW,
  cron '@hourly',
  owner analytics_engineering,
  grain account_id,
  references (account_id, salesperson_id),
  tags ('layer=mart', 'subject=growth', 'cadence=hour'),
  audits (
    unique_values(columns := account_id),
    not_null(columns := (account_id, as_of_date, account_name, stage, health_score, mrr_amount_usd, salesperson_id)),
    accepted_range(column := health_score, min_v := 0, max_v := 100)
  ),
  description 'One row per account of the app that is not deleted, as it is now: how well it does, from 0 (leaving) to 100, and from what.
Answers: whom should we call, and about what. Each component is from 0 to 100; the score is their mean, by weight, of those known.
usage_score, weight 35: bookings of the last 28 days by those of the 28 before, 100 when not fewer; 0 without any.
payment_score, weight 25: 100 when nothing is past due, 60 up to 30 days past due, 30 up to 60, else 0.
attendance_score, weight 15: 100 without no-shows, falling to 0 when a quarter of the visits are; not known without visits.
satisfaction_score, weight 15: net promoter score (NPS) of 90 days, from -100 as 0 to 100 as 100; not known below 5 answers.
sales_score, weight 10: health as sales keeps it in Salesforce; not known when nobody does.
Use it for: a list to work through. Not for: trends (mart_account_lifecycle, mart_mrr_movement); comparing scores of accounts of which
different components are known. The owner is that of the account in Salesforce: of several, a customer''s first, then the oldest.'
);

WITH money AS (
  SELECT
    standing.account_id,
    MAX(standing.overdue_from_days) AS overdue_from_days,
    SUM(@reporting(standing.mrr_minor, currency.exponent, rate.usd_per_unit)) AS mrr_usd,
    SUM(@reporting(standing.overdue_minor, currency.exponent, rate.usd_per_unit)) AS overdue_usd
  FROM core.fct_account_standing AS standing
  JOIN core.dim_currency AS currency
    ON currency.currency = standing.currency
  LEFT JOIN core.dim_exchange_rate AS rate
    ON rate.currency = standing.currency AND @as_of(rate, standing.as_of_date)
  GROUP BY
    standing.account_id
), scored AS (
  SELECT
    recent.*,
    money.mrr_usd,
    money.overdue_usd,
    crm.salesforce_account_id,
    @percent(recent.promoter_count - recent.detractor_count, recent.recommend_count) AS nps,
    CASE
      WHEN recent.booked_count = 0
      THEN 0
      WHEN recent.booked_count >= recent.earlier_booked_count
      THEN 100
      ELSE @percent(recent.booked_count, recent.earlier_booked_count)
    END AS usage_score,
    CASE COALESCE(money.overdue_from_days, 0) WHEN 0 THEN 100 WHEN 1 THEN 60 WHEN 31 THEN 30 ELSE 0 END AS payment_score,
    GREATEST(0, @percent(recent.visit_count - 4 * recent.no_show_count, recent.visit_count)) AS attendance_score,
    IFF(recent.recommend_count < 5, NULL, 50 + @percent(recent.promoter_count - recent.detractor_count, 2 * recent.recommend_count)) AS satisfaction_score,
    LEAST(GREATEST(ROUND(crm.health_score, 1), 0), 100) AS sales_score
  FROM core.fct_account_engagement AS recent
  LEFT JOIN money
    ON money.account_id = recent.account_id
  LEFT JOIN core.bridge_account_salesforce AS bridge
    ON bridge.account_id = recent.account_id
  LEFT JOIN core.dim_salesforce_account AS crm
    ON crm.salesforce_account_id = bridge.salesforce_account_id
)
SELECT
  scored.account_id::BIGINT AS account_id, /* Account */
  scored.as_of_date::DATE AS as_of_date, /* Last day that counts for bookings, visits and answers, UTC */
  account.account_name::VARCHAR AS account_name, /* Name of the account */
  account.segment::VARCHAR AS segment, /* smb, mid_market or enterprise */
  stage.stage::VARCHAR AS stage, /* lead, trial, onboarding, active, at_risk, churned or won_back */
  person.salesperson_id::VARCHAR AS salesperson_id, /* Owner of the account in Salesforce; -1 for none */
  person.name::VARCHAR AS salesperson_name, /* Name of the owner */
  @weighted_mean((usage_score, payment_score, attendance_score, satisfaction_score, sales_score), (35, 25, 15, 15, 10))::DECIMAL(4, 1) AS health_score, /* 0 to 100: mean of the components that are known, as shown here, by weight */
  scored.usage_score::DECIMAL(4, 1) AS usage_score, /* Bookings by those before, 0 to 100 */
  scored.payment_score::DECIMAL(4, 1) AS payment_score, /* How long the oldest overdue invoice is past due, 0 to 100 */
  scored.attendance_score::DECIMAL(4, 1) AS attendance_score, /* Few no-shows, 0 to 100; NULL without visits */
  scored.satisfaction_score::DECIMAL(4, 1) AS satisfaction_score, /* NPS as 0 to 100; NULL below 5 answers */
  scored.sales_score::DECIMAL(4, 1) AS sales_score, /* Health as sales keeps it, 0 to 100; NULL when nobody does */
  COALESCE(scored.mrr_usd, 0)::DECIMAL(18, 2) AS mrr_amount_usd, /* Monthly recurring revenue of the running month, US dollars */
  COALESCE(scored.overdue_usd, 0)::DECIMAL(18, 2) AS overdue_amount_usd, /* Owed to the platform past the due date, US dollars */
  scored.booked_count::BIGINT AS booked_count, /* Appointments booked in the last 28 days */
  scored.earlier_booked_count::BIGINT AS earlier_booked_count, /* Appointments booked in the 28 days before */
  scored.visit_count::BIGINT AS visit_count, /* Visits of the last 28 days: fulfilled, attended or no-show */
  scored.no_show_count::BIGINT AS no_show_count, /* Of these, no-shows */
  ROUND(scored.no_show_count / NULLIF(scored.visit_count, 0), 4)::DECIMAL(9, 4) AS no_show_rate, /* No-shows by visits */
  scored.response_count::BIGINT AS response_count, /* Patients who answered in the last 90 days */
  ROUND(scored.overall_rating_sum / NULLIF(scored.response_count, 0), 2)::DECIMAL(3, 2) AS mean_rating, /* Mean rating of the visit, 1 to 5 */
  scored.recommend_count::BIGINT AS recommend_count, /* Of these, who said whether they would recommend the clinic */
  scored.nps::DECIMAL(4, 1) AS nps /* Net promoter score: per cent of promoters less per cent of detractors */
FROM scored
JOIN core.dim_account AS account
  ON account.account_id = scored.account_id AND account.is_current
JOIN core.fct_account_stage AS stage
  ON stage.account_id = scored.account_id AND stage.is_current
JOIN core.dim_account_owner AS owner
  ON owner.salesforce_account_id = COALESCE(scored.salesforce_account_id, '-1') AND owner.is_current
JOIN core.dim_salesperson AS person
  ON person.salesperson_id = owner.salesperson_id
