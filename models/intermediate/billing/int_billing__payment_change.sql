MODEL (
  name intermediate.int_billing__payment_change,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column loaded_at
  ),
  owner data_engineering,
  clustered_by (loaded_at::DATE, received_at::DATE),
  grain (payment_id, commit_lsn, commit_seq),
  tags ('layer=intermediate', 'source=app'),
  signals (
    source_sealed(source := 'app')
  ),
  audits (
    unique_combination_of_columns(columns := (payment_id, commit_lsn, commit_seq)),
    not_null(columns := (payment_id, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of a payment of a patient or payer, audited before anything downstream reads it; faulty rows are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);

WITH arrived AS (
  @arrivals(staging.stg_app__payment, payment_id, @start_ts, @end_ts)
)
SELECT
  arrived.payment_id::BIGINT AS payment_id, /* Payment, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  arrived.account_id::BIGINT AS account_id, /* Account that is paid */
  arrived.patient_key::BIGINT AS patient_key, /* Pseudonym of the patient whose care is paid */
  arrived.payer_id::BIGINT AS payer_id, /* Payer, NULL when the patient pays */
  arrived.method::VARCHAR AS method, /* card, cash, check, ach or insurance */
  arrived.status::VARCHAR AS status, /* succeeded or failed */
  arrived.failure_code::VARCHAR AS failure_code, /* Why it failed, NULL when it did not */
  arrived.currency::VARCHAR AS currency, /* ISO 4217 currency of the amounts */
  arrived.amount_minor::BIGINT AS amount_minor, /* Amount paid or tried, minor units */
  arrived.processor_fee_minor::BIGINT AS processor_fee_minor, /* Fee of the payment processor, minor units */
  arrived.received_at::TIMESTAMP AS received_at, /* When the money was received, UTC; NULL for a failed one */
  arrived.created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  CASE
    WHEN arrived.operation = 'D'
    THEN NULL
    WHEN account_id IS NULL OR patient_key IS NULL
    THEN 'missing_key'
    WHEN NOT COALESCE(status, '') IN ('succeeded', 'failed')
    THEN 'unknown_status'
    WHEN known.currency IS NULL
    THEN 'unknown_currency'
    WHEN amount_minor + processor_fee_minor IS NULL
    THEN 'missing_amount'
    WHEN LEAST(amount_minor, processor_fee_minor) < 0
    THEN 'negative_amount'
    WHEN created_at IS NULL OR (
      status = 'succeeded' AND received_at IS NULL
    )
    THEN 'missing_time'
    WHEN @implausible((created_at, received_at), committed_at)
    THEN 'implausible_date'
  END::VARCHAR AS fault_rule, /* Rule that the change breaks; such a row goes to quarantine, not to core */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
LEFT JOIN reference.currency AS known
  ON known.currency = arrived.currency
