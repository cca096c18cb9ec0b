MODEL (
  name staging.stg_partner__remittance,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=partner', 'phi=pseudonymous'),
  description 'One row per record of a payer''s file with what it pays on claims, stated or withdrawn.
Member number, invoice number and remark stay in raw. Use it for: the audited batch. Not for: analysis; it holds every version of every file, also faulty rows.'
);

SELECT
  _op::VARCHAR AS operation, /* I stated, D withdrawn */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which the files were read */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When the file was last written, UTC */
  _sha256::VARCHAR AS file_sha256, /* Hash of the file's content */
  _row::BIGINT AS record_number, /* Number of the record in the file */
  NULLIF(TRIM(payer_code), '')::VARCHAR AS payer_code, /* Payer, by the code that the app knows */
  NULLIF(TRIM(trace_number), '')::VARCHAR AS trace_number, /* Payment that the line belongs to, as the payer numbers it */
  @read_as(whole, line_number)::BIGINT AS line_number, /* Number of the line in the payment */
  NULLIF(TRIM(claim_number), '')::VARCHAR AS claim_number, /* Claim that is answered */
  NULLIF(TRIM(claim_status), '')::VARCHAR AS claim_status, /* paid or denied */
  NULLIF(TRIM(adjustment_reason_code), '')::VARCHAR AS adjustment_reason_code, /* Claim adjustment group and reason code (X12) */
  NULLIF(TRIM(payment_method), '')::VARCHAR AS payment_method, /* EFT or CHK */
  @read_as(day, service_date)::DATE AS service_date, /* Day of the service, as the payer has it */
  @read_as(day, payment_date)::DATE AS payment_date, /* Day of the payment, as the payer has it */
  UPPER(NULLIF(TRIM(currency), ''))::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  @read_as(amount, billed_amount)::DECIMAL(18, 4) AS billed_amount, /* What the clinic asked for, major units */
  @read_as(amount, allowed_amount)::DECIMAL(18, 4) AS allowed_amount, /* What the contract allows, major units */
  @read_as(amount, paid_amount)::DECIMAL(18, 4) AS paid_amount, /* What the payer pays, major units */
  @read_as(amount, patient_responsibility)::DECIMAL(18, 4) AS patient_responsibility_amount, /* What the patient is to pay, major units */
  @read_as(amount, adjustment_amount)::DECIMAL(18, 4) AS adjustment_amount, /* What nobody is to pay, major units */
  @unreadable(
    whole := line_number,
    day := (service_date, payment_date),
    amount := (billed_amount, allowed_amount, paid_amount, patient_responsibility, adjustment_amount)
  )::VARCHAR AS unreadable_column, /* First column that holds something else than its kind of value */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_partner.remittance
