MODEL (
  name intermediate.int_partner__survey_response_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=partner'),
  signals (
    source_sealed(source := 'partner')
  ),
  audits (
    unique_combination_of_columns(columns := (commit_lsn, commit_seq)),
    not_null(columns := (operation, committed_at, file_sha256, record_number)),
    fault_share(max_share := 0.05, blocking := FALSE)
  ),
  description 'One row per record of a partner''s file that states or withdraws an answer of a patient, audited before anything downstream reads it;
faulty rows are marked. Many of them are a warning and no stop: a partner whose form has changed must not hold up the others.
Use it for: building current state. Not for: analysis. Grows by what arrives.'
);

SELECT
  response_id::VARCHAR AS response_id, /* Response, natural key */
  operation::VARCHAR AS operation, /* I stated, D withdrawn */
  commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which the files were read */
  commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  committed_at::TIMESTAMP AS committed_at, /* When the file was last written, UTC */
  file_sha256::VARCHAR AS file_sha256, /* Hash of the file's content */
  record_number::BIGINT AS record_number, /* Number of the record in the file */
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
  CASE
    WHEN operation = 'D'
    THEN NULL
    WHEN NOT unreadable_column IS NULL
    THEN 'unreadable_' || unreadable_column
    WHEN response_id IS NULL OR appointment_id IS NULL
    THEN 'missing_key'
    WHEN responded_at IS NULL
    THEN 'missing_time'
    WHEN @implausible((responded_at, sent_at), committed_at)
    THEN 'implausible_date'
    WHEN overall_rating IS NULL
    THEN 'missing_rating'
    WHEN NOT overall_rating BETWEEN 1 AND 5
    OR NOT provider_rating BETWEEN 1 AND 5
    OR NOT wait_rating BETWEEN 1 AND 5
    OR NOT recommend_score BETWEEN 0 AND 10
    THEN 'rating_out_of_range'
  END::VARCHAR AS fault_rule, /* Rule that the row breaks; such a row goes to quarantine, not to core */
  loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM staging.stg_partner__survey_response
WHERE
  loaded_at BETWEEN @start_ts AND @end_ts
