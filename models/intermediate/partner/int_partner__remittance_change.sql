MODEL (
  name intermediate.int_partner__remittance_change,
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
  description 'One row per record of a partner''s file that states or withdraws a line of a remittance, audited before anything downstream reads it;
faulty rows are marked. Many of them are a warning and no stop: a partner whose form has changed must not hold up the others.
Use it for: building current state. Not for: analysis. Grows by what arrives.'
);

WITH stated AS (
  SELECT
    stated.*,
    known.exponent,
    @minor(stated.billed_amount, known.exponent) AS billed_minor,
    @minor(stated.allowed_amount, known.exponent) AS allowed_minor,
    @minor(stated.paid_amount, known.exponent) AS paid_minor,
    @minor(stated.patient_responsibility_amount, known.exponent) AS patient_responsibility_minor,
    @minor(stated.adjustment_amount, known.exponent) AS adjustment_minor
  FROM staging.stg_partner__remittance AS stated
  LEFT JOIN reference.currency AS known
    ON known.currency = stated.currency
  WHERE
    stated.loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  payer_code::VARCHAR AS payer_code, /* Payer, by the code that the app knows */
  trace_number::VARCHAR AS trace_number, /* Payment that the line belongs to, as the payer numbers it */
  line_number::BIGINT AS line_number, /* Number of the line in the payment */
  operation::VARCHAR AS operation, /* I stated, D withdrawn */
  commit_lsn::BIGINT AS commit_lsn, /* Place in the order in which the files were read */
  commit_seq::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  committed_at::TIMESTAMP AS committed_at, /* When the file was last written, UTC */
  file_sha256::VARCHAR AS file_sha256, /* Hash of the file's content */
  record_number::BIGINT AS record_number, /* Number of the record in the file */
  claim_number::VARCHAR AS claim_number, /* Claim that is answered */
  claim_status::VARCHAR AS claim_status, /* paid or denied */
  adjustment_reason_code::VARCHAR AS adjustment_reason_code, /* Claim adjustment group and reason code (X12) */
  payment_method::VARCHAR AS payment_method, /* EFT or CHK */
  service_date::DATE AS service_date, /* Day of the service, as the payer has it */
  payment_date::DATE AS payment_date, /* Day of the payment, as the payer has it */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  billed_minor::BIGINT AS billed_minor, /* What the clinic asked for, minor units */
  allowed_minor::BIGINT AS allowed_minor, /* What the contract allows, minor units */
  paid_minor::BIGINT AS paid_minor, /* What the payer pays, minor units */
  patient_responsibility_minor::BIGINT AS patient_responsibility_minor, /* What the patient is to pay, minor units */
  adjustment_minor::BIGINT AS adjustment_minor, /* What nobody is to pay, minor units */
  CASE
    WHEN operation = 'D'
    THEN NULL
    WHEN NOT unreadable_column IS NULL
    THEN 'unreadable_' || unreadable_column
    WHEN payer_code IS NULL OR trace_number IS NULL OR line_number IS NULL OR claim_number IS NULL
    THEN 'missing_key'
    WHEN payment_date IS NULL
    THEN 'missing_time'
    WHEN @implausible((payment_date, service_date), committed_at)
    THEN 'implausible_date'
    WHEN exponent IS NULL
    THEN 'unknown_currency'
    WHEN billed_minor IS NULL OR paid_minor IS NULL
    THEN 'missing_amount'
    WHEN @major(billed_minor, exponent) <> billed_amount
    OR @major(allowed_minor, exponent) <> allowed_amount
    OR @major(paid_minor, exponent) <> paid_amount
    OR @major(patient_responsibility_minor, exponent) <> patient_responsibility_amount
    OR @major(adjustment_minor, exponent) <> adjustment_amount
    THEN 'less_than_a_minor_unit'
  END::VARCHAR AS fault_rule, /* Rule that the row breaks; such a row goes to quarantine, not to core */
  loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM stated
