MODEL (
  name intermediate.int_partner__survey_response,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key response_id
  ),
  owner data_engineering,
  grain response_id,
  tags (
    'layer=intermediate'
  ),
  audits (unique_values(columns := response_id), not_null(columns := (response_id, appointment_id, responded_at, overall_rating))),
  description 'One row per answer of a patient about a visit, as last stated in a file that stands; withdrawn ones stay, flagged.
Use it for: core.fct_survey_response. Not for: what earlier files said.
Recomputed for those that a file has stated or withdrawn: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    response_id
  FROM intermediate.int_partner__survey_response_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  response_id::VARCHAR AS response_id, /* Response, natural key */
  appointment_id::BIGINT AS appointment_id, /* Visit that the patient was asked about */
  responded_at::TIMESTAMP AS responded_at, /* When the patient answered, UTC */
  sent_at::TIMESTAMP AS sent_at, /* When the patient was asked, UTC */
  survey_code::VARCHAR AS survey_code, /* Questionnaire */
  channel::VARCHAR AS channel, /* sms, email or kiosk */
  language::VARCHAR AS language, /* ISO 639 language of the questionnaire */
  overall_rating::BIGINT AS overall_rating, /* The visit as a whole, 1 to 5 */
  recommend_score::BIGINT AS recommend_score, /* Would recommend the clinic, 0 to 10; NULL when not answered */
  provider_rating::BIGINT AS provider_rating, /* The provider, 1 to 5; NULL when not answered */
  wait_rating::BIGINT AS wait_rating, /* The wait, 1 to 5; NULL when not answered */
  committed_at::TIMESTAMP AS stated_at, /* When the file that states it was last written, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether every file that stated it is withdrawn */
FROM (
  @latest_statement(intermediate.int_partner__survey_response_change, response_id, touched)
)
