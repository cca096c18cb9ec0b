MODEL (
  name core.fct_account_engagement,
  kind VIEW,
  owner analytics_engineering,
  grain account_id,
  references (
    account_id
  ),
  tags ('layer=core', 'fact=periodic_snapshot'),
  audits (
    unique_values(columns := account_id),
    not_null(columns := (account_id, as_of_date, booked_count, earlier_booked_count, visit_count, response_count)),
    forall(criteria := (no_show_count <= visit_count, promoter_count + detractor_count <= recommend_count))
  ),
  description 'One row per account: what its clinics and their patients did lately, up to the last day (UTC) that is over in all of the data.
A periodic snapshot of which only the last is kept. Bookings are counted over 28 days and the 28 before, visits that were or should
have been over 28 days, by the clinic''s date, and answers of patients over 90. Use it for: mart_account_health. Not for: history
(fct_account_day, fct_clinic_day, fct_survey_response).
A view: it looks at the last days of accounts and clinics, and up the appointments of the last answers.'
);

WITH today AS (
  SELECT
    MIN(complete_through)::DATE AS today
  FROM core.watermark
  WHERE
    subject IN ('account', 'appointment', 'survey_response')
), booked AS (
  SELECT
    day.account_id,
    SUM(IFF(day.activity_date >= DATEADD(DAY, -28, today.today), day.booked_count, 0)) AS booked_count,
    SUM(IFF(day.activity_date < DATEADD(DAY, -28, today.today), day.booked_count, 0)) AS earlier_booked_count
  FROM core.fct_account_day AS day
  JOIN today
    ON day.activity_date >= DATEADD(DAY, -56, today.today) AND day.activity_date < today.today
  GROUP BY
    day.account_id
), visited AS (
  SELECT
    clinic.account_id,
    SUM(day.fulfilled_count + day.no_show_count + day.attended_unfinished_count) AS visit_count,
    SUM(day.no_show_count) AS no_show_count
  FROM core.fct_clinic_day AS day
  JOIN today
    ON day.local_date >= DATEADD(DAY, -28, today.today) AND day.local_date < today.today
  JOIN core.dim_clinic AS clinic
    ON clinic.clinic_id = day.clinic_id AND clinic.is_current
  GROUP BY
    clinic.account_id
), answered AS (
  SELECT
    visit.account_id,
    COUNT(*) AS response_count,
    SUM(response.overall_rating) AS overall_rating_sum,
    COUNT(response.recommend_score) AS recommend_count,
    COUNT(IFF(response.recommend_score >= 9, 1, NULL)) AS promoter_count,
    COUNT(IFF(response.recommend_score <= 6, 1, NULL)) AS detractor_count
  FROM core.fct_survey_response AS response
  JOIN today
    ON response.responded_at >= DATEADD(DAY, -90, today.today) AND response.responded_at < today.today
  JOIN core.fct_appointment AS visit
    ON visit.appointment_id = response.appointment_id
  GROUP BY
    visit.account_id
)
SELECT
  account.account_id::BIGINT AS account_id, /* Account */
  DATEADD(DAY, -1, today.today)::DATE AS as_of_date, /* Last day that counts, UTC */
  COALESCE(booked.booked_count, 0)::BIGINT AS booked_count, /* Appointments booked in the last 28 days */
  COALESCE(booked.earlier_booked_count, 0)::BIGINT AS earlier_booked_count, /* Appointments booked in the 28 days before */
  COALESCE(visited.visit_count, 0)::BIGINT AS visit_count, /* Visits of the last 28 days: fulfilled, attended or no-show */
  COALESCE(visited.no_show_count, 0)::BIGINT AS no_show_count, /* Of these, no-shows */
  COALESCE(answered.response_count, 0)::BIGINT AS response_count, /* Patients who answered in the last 90 days */
  COALESCE(answered.overall_rating_sum, 0)::BIGINT AS overall_rating_sum, /* Sum of their ratings of the visit, 1 to 5 each */
  COALESCE(answered.recommend_count, 0)::BIGINT AS recommend_count, /* Of these, who said whether they would recommend the clinic */
  COALESCE(answered.promoter_count, 0)::BIGINT AS promoter_count, /* Of these, with 9 or 10 */
  COALESCE(answered.detractor_count, 0)::BIGINT AS detractor_count /* Of these, with 0 to 6 */
FROM core.dim_account AS account
CROSS JOIN today
LEFT JOIN booked
  ON booked.account_id = account.account_id
LEFT JOIN visited
  ON visited.account_id = account.account_id
LEFT JOIN answered
  ON answered.account_id = account.account_id
WHERE
  account.is_current AND NOT account.is_deleted AND account.account_id <> -1
