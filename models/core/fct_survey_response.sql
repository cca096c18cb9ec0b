MODEL (
  name core.fct_survey_response,
  kind VIEW,
  owner analytics_engineering,
  grain response_id,
  references (
    appointment_id
  ),
  tags ('layer=core', 'zone=restricted', 'fact=transaction', 'flow=sparse', 'phi=pseudonymous'),
  audits (
    unique_values(columns := response_id),
    not_null(columns := (response_id, appointment_id, responded_at, overall_rating)),
    accepted_range(column := overall_rating, min_v := 1, max_v := 5),
    accepted_range(column := provider_rating, min_v := 1, max_v := 5),
    accepted_range(column := wait_rating, min_v := 1, max_v := 5),
    accepted_range(column := recommend_score, min_v := 0, max_v := 10),
    freshness(column := responded_at, max_age_minutes := 14 * 24 * 60)
  ),
  description 'One row per answer of a patient about a visit, from partners'' files. A transaction fact; account, clinic, provider and
patient are those of the appointment. Use it for: ratings and recommendation, with counts beside them. Not for: response rates;
partners do not tell whom they asked in vain. Answers withdrawn by a later version of their file are left out.
A view over audited state.'
);

SELECT
  response_id::VARCHAR AS response_id, /* Response, natural key */
  appointment_id::BIGINT AS appointment_id, /* Visit that the patient was asked about; it may be unknown to the app */
  responded_at::TIMESTAMP AS responded_at, /* When the patient answered, UTC */
  sent_at::TIMESTAMP AS sent_at, /* When the patient was asked, UTC */
  survey_code::VARCHAR AS survey_code, /* Questionnaire */
  channel::VARCHAR AS channel, /* sms, email or kiosk */
  language::VARCHAR AS language, /* ISO 639 language of the questionnaire */
  overall_rating::INT AS overall_rating, /* The visit as a whole, 1 to 5 */
  recommend_score::INT AS recommend_score, /* Would recommend the clinic, 0 to 10; NULL when not answered */
  provider_rating::INT AS provider_rating, /* The provider, 1 to 5; NULL when not answered */
  wait_rating::INT AS wait_rating, /* The wait, 1 to 5; NULL when not answered */
  stated_at::TIMESTAMP AS changed_at /* When the file that states it was last written, UTC */
FROM intermediate.int_partner__survey_response
WHERE
  NOT is_deleted
