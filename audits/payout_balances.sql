AUDIT (
  name payout_balances,
  dialect snowflake
);

/* Payouts that Stripe has reconciled and whose amount is not what their transactions add up to, net of fees. */
SELECT
  payout_id
FROM @this_model
WHERE
  is_automatic
  AND reconciliation_status = 'completed'
  AND unknown_count = 0
  AND (
    amount_minor <> gross_minor - fee_minor OR foreign_currency_count > 0
  )
