MODEL (
  name intermediate.int_partner__referral_lead_change,
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
  description 'One row per record of a partner''s file that states or withdraws a lead, audited before anything downstream reads it;
faulty rows are marked. Many of them are a warning and no stop: a partner whose form has changed must not hold up the others.
Use it for: building current state. Not for: analysis. Grows by what arrives.'
);

WITH stated AS (
  SELECT
    stated.*,
    known.exponent,
    @minor(stated.referral_fee, known.exponent) AS referral_fee_minor
  FROM staging.stg_partner__referral_lead AS stated
  LEFT JOIN reference.currency AS known
    ON known.currency = stated.currency
  WHERE
    stated.loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  partner_code::VARCHAR AS partner_code, /* Partner who refers */
  lead_reference::VARCHAR AS lead_reference, /* Number that the partner gave the lead */
  operation::VARCHAR AS operation, /* I stated, D withdrawn */
  commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which the files were read */
  commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  committed_at::TIMESTAMP AS committed_at, /* When the file was last written, UTC */
  file_sha256::VARCHAR AS file_sha256, /* Hash of the file's content */
  record_number::BIGINT AS record_number, /* Number of the record in the file */
  referred_at::TIMESTAMP AS referred_at, /* When the partner referred it, UTC */
  organization_name::VARCHAR AS organization_name, /* Organisation that may buy */
  country::VARCHAR AS country, /* ISO 3166 country */
  segment::VARCHAR AS segment, /* smb, mid_market or enterprise, as the partner sees it */
  clinic_count::BIGINT AS clinic_count, /* Clinics of the organisation */
  provider_count::BIGINT AS provider_count, /* Providers of the organisation */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the fee */
  referral_fee_minor::BIGINT AS referral_fee_minor, /* What the partner asks for the referral, minor units */
  CASE
    WHEN operation = 'D'
    THEN NULL
    WHEN NOT unreadable_column IS NULL
    THEN 'unreadable_' || unreadable_column
    WHEN partner_code IS NULL OR lead_reference IS NULL
    THEN 'missing_key'
    WHEN referred_at IS NULL
    THEN 'missing_time'
    WHEN @implausible(referred_at, committed_at)
    THEN 'implausible_date'
    WHEN exponent IS NULL AND NOT (
      referral_fee IS NULL AND currency IS NULL
    )
    THEN 'unknown_currency'
    WHEN @major(referral_fee_minor, exponent) <> referral_fee
    THEN 'less_than_a_minor_unit'
  END::VARCHAR AS fault_rule, /* Rule that the row breaks; such a row goes to quarantine, not to core */
  loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM stated
