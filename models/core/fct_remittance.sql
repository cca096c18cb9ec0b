MODEL (
  name core.fct_remittance,
  kind VIEW,
  owner analytics_engineering,
  grain (payer_code, trace_number, line_number),
  references (
    currency
  ),
  tags ('layer=core', 'zone=restricted', 'fact=transaction', 'flow=sparse', 'phi=pseudonymous'),
  depends_on (
    core.dim_currency
  ),
  audits (
    unique_combination_of_columns(columns := (payer_code, trace_number, line_number)),
    not_null(columns := (payer_code, trace_number, line_number, claim_number, payment_date, currency, billed_minor, paid_minor)),
    referential_integrity(references := (
      currency = core.dim_currency
    ))
  ),
  description 'One row per line of a remittance: what a payer pays on one claim, and why not more. A transaction fact from payers'' files.
Use it for: denials, adjustments, what payers owe and pay by claim. Not for: cash received (fct_patient_payment), which the app
books. Lines withdrawn by a later version of their file are left out. A view over audited state.'
);

SELECT
  payer_code::VARCHAR AS payer_code, /* Payer, by the code of dim_payer */
  trace_number::VARCHAR AS trace_number, /* Payment that the line belongs to, as the payer numbers it */
  line_number::BIGINT AS line_number, /* Number of the line in the payment */
  claim_number::VARCHAR AS claim_number, /* Claim that is answered */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  service_date::DATE AS service_date, /* Day of the service, as the payer has it */
  payment_date::DATE AS payment_date, /* Day of the payment, as the payer has it */
  claim_status::VARCHAR AS claim_status, /* paid or denied */
  adjustment_reason_code::VARCHAR AS adjustment_reason_code, /* Claim adjustment group and reason code (X12) */
  payment_method::VARCHAR AS payment_method, /* EFT or CHK */
  billed_minor::BIGINT AS billed_minor, /* What the clinic asked for, minor units */
  allowed_minor::BIGINT AS allowed_minor, /* What the contract allows, minor units */
  paid_minor::BIGINT AS paid_minor, /* What the payer pays, minor units */
  patient_responsibility_minor::BIGINT AS patient_responsibility_minor, /* What the patient is to pay, minor units */
  adjustment_minor::BIGINT AS adjustment_minor, /* What nobody is to pay, minor units */
  stated_at::TIMESTAMP AS changed_at /* When the file that states it was last written, UTC */
FROM intermediate.int_partner__remittance
WHERE
  NOT is_deleted
