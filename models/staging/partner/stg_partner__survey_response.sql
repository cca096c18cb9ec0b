MODEL (
  name staging.stg_partner__survey_response,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=partner', 'phi=pseudonymous'),
  description 'One row per record of a partner''s file with answers of patients about their visits, stated or withdrawn.
The comment stays in raw. Use it for: the audited batch. Not for: analysis; it holds every version of every file, also faulty rows.'
);

SELECT
  _op::VARCHAR AS operation, /* I stated, D withdrawn */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which the files were read */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When the file was last written, UTC */
  _sha256::VARCHAR AS file_sha256, /* Hash of the file's content */
  _row::BIGINT AS record_number, /* Number of the record in the file */
  NULLIF(TRIM(response_id), '')::VARCHAR AS response_id, /* Response, natural key */
  @read_as(whole, appointment_id)::BIGINT AS appointment_id, /* Visit that the patient was asked about */
  @read_as(instant, responded_at)::TIMESTAMP AS responded_at, /* When the patient answered, UTC */
  @read_as(instant, sent_at)::TIMESTAMP AS sent_at, /* When the patient was asked, UTC */
  NULLIF(TRIM(survey_code), '')::VARCHAR AS survey_code, /* Questionnaire */
  NULLIF(TRIM(channel), '')::VARCHAR AS channel, /* sms, email or kiosk */
  NULLIF(TRIM(language), '')::VARCHAR AS language, /* ISO 639 language of the questionnaire */
  @read_as(whole, overall_rating)::BIGINT AS overall_rating, /* The visit as a whole, 1 to 5 */
  @read_as(whole, recommend_score)::BIGINT AS recommend_score, /* Would recommend the clinic, 0 to 10; NULL when not answered */
  @read_as(whole, provider_rating)::BIGINT AS provider_rating, /* The provider, 1 to 5; NULL when not answered */
  @read_as(whole, wait_rating)::BIGINT AS wait_rating, /* The wait, 1 to 5; NULL when not answered */
  @unreadable(
    whole := (appointment_id, overall_rating, recommend_score, provider_rating, wait_rating),
    instant := (responded_at, sent_at)
  )::VARCHAR AS unreadable_column, /* First column that holds something else than its kind of value */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_partner.survey_response
