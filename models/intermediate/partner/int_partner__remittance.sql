MODEL (
  name intermediate.int_partner__remittance,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (payer_code, trace_number, line_number)
  ),
  owner data_engineering,
  grain (payer_code, trace_number, line_number),
  tags (
    'layer=intermediate'
  ),
  audits (
    unique_combination_of_columns(columns := (payer_code, trace_number, line_number)),
    not_null(columns := (payer_code, trace_number, line_number, claim_number, payment_date, currency, billed_minor, paid_minor))
  ),
  description 'One row per line of a payer''s payment, as last stated in a file that stands; withdrawn ones stay, flagged.
Use it for: core.fct_remittance. Not for: what earlier files said.
Recomputed for those that a file has stated or withdrawn: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    payer_code,
    trace_number,
    line_number
  FROM intermediate.int_partner__remittance_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  payer_code::VARCHAR AS payer_code, /* Payer, by the code that the app knows */
  trace_number::VARCHAR AS trace_number, /* Payment that the line belongs to, as the payer numbers it */
  line_number::BIGINT AS line_number, /* Number of the line in the payment */
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
  committed_at::TIMESTAMP AS stated_at, /* When the file that states it was last written, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether every file that stated it is withdrawn */
FROM (
  @latest_statement(intermediate.int_partner__remittance_change, (payer_code, trace_number, line_number), touched)
)
