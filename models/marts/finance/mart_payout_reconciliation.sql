MODEL (
  name marts_finance.mart_payout_reconciliation,
  kind VIEW,
  cron '@hourly',
  owner analytics_engineering,
  grain payout_id,
  references (
    currency
  ),
  tags ('layer=mart', 'subject=finance', 'cadence=hour'),
  audits (
    unique_values(columns := payout_id),
    not_null(columns := (payout_id, currency, status, payout_amount, transaction_amount, difference_amount))
  ),
  description 'One row per payout from Stripe to the bank, in the currency of the balance: what it consists of, from charges to fees.
Answers: does what reached the bank equal what customers paid, less refunds, disputes and fees; which payouts failed; how many
invoices a payout pays. Use it for: closing the books by payout. Not for: adding up currencies; for payouts that are not reconciled
yet, of which Stripe does not tell the transactions (is_reconciled).'
);

WITH paid AS (
  SELECT
    balance.payout_id,
    COUNT(DISTINCT charge.charge_id) AS charge_count,
    COUNT(DISTINCT charge.stripe_customer_id) AS customer_count,
    COUNT(DISTINCT payment.stripe_invoice_id) AS invoice_count
  FROM core.fct_balance_transaction AS balance
  JOIN core.fct_charge AS charge
    ON charge.charge_id = balance.source_id
  LEFT JOIN core.fct_subscription_invoice_payment AS payment
    ON payment.charge_id = charge.charge_id AND payment.status = 'paid'
  WHERE
    NOT balance.payout_id IS NULL
  GROUP BY
    balance.payout_id
)
SELECT
  balance.payout_id::VARCHAR AS payout_id, /* Payout, natural key */
  balance.currency::VARCHAR AS currency, /* ISO 4217 currency of the balance */
  balance.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  balance.arrives_at::DATE AS arrival_date, /* Day on which it is to arrive at the bank, UTC */
  balance.status::VARCHAR AS status, /* pending, in_transit, paid, failed or canceled */
  balance.failure_code::VARCHAR AS failure_code, /* Why it failed; its money is part of a later payout */
  (
    balance.reconciliation_status = 'completed'
  )::BOOLEAN AS is_reconciled, /* Whether Stripe has told its transactions */
  balance.transaction_count::BIGINT AS transaction_count, /* Transactions that it holds */
  COALESCE(paid.charge_count, 0)::BIGINT AS charge_count, /* Of these, charges: payments of invoices */
  COALESCE(paid.invoice_count, 0)::BIGINT AS invoice_count, /* Invoices that these charges paid */
  COALESCE(paid.customer_count, 0)::BIGINT AS customer_count, /* Customers who paid them */
  @major(balance.charge_minor, currency.exponent)::DECIMAL(18, 3) AS charge_amount, /* Charges, gross */
  @major(balance.refund_minor, currency.exponent)::DECIMAL(18, 3) AS refund_amount, /* Refunds, negative */
  @major(balance.dispute_minor, currency.exponent)::DECIMAL(18, 3) AS dispute_amount, /* Disputes and what came back of them */
  @major(balance.returned_payout_minor, currency.exponent)::DECIMAL(18, 3) AS returned_payout_amount, /* Earlier payouts that came back */
  @major(balance.other_minor, currency.exponent)::DECIMAL(18, 3) AS other_amount, /* All other categories */
  @major(balance.fee_minor, currency.exponent)::DECIMAL(18, 3) AS fee_amount, /* Fees, to be taken off */
  @major(
    balance.charge_minor + balance.refund_minor + balance.dispute_minor + balance.returned_payout_minor + balance.other_minor - balance.fee_minor,
    currency.exponent
  )::DECIMAL(18, 3) AS transaction_amount, /* All of it, net of fees */
  @major(balance.amount_minor, currency.exponent)::DECIMAL(18, 3) AS payout_amount, /* Amount of the payout */
  @major(
    balance.amount_minor - (
      balance.charge_minor + balance.refund_minor + balance.dispute_minor + balance.returned_payout_minor + balance.other_minor - balance.fee_minor
    ),
    currency.exponent
  )::DECIMAL(18, 3) AS difference_amount /* Payout less its transactions; 0 once reconciled */
FROM core.fct_payout_balance AS balance
JOIN core.dim_currency AS currency
  ON currency.currency = balance.currency
LEFT JOIN paid
  ON paid.payout_id = balance.payout_id
  AND balance.reconciliation_status = 'completed' /* by the hour, as the rest of the row */
