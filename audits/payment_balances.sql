AUDIT (
  name payment_balances,
  dialect snowflake,
  defaults (
    condition = TRUE
  )
);

/* Payments of which more is applied to invoices, or more is given back, than was received, or in another
currency. One of which a row is in quarantine is excused. */
SELECT
  payment_id
FROM @this_model
WHERE
  NOT has_quarantined_row
  AND (
    allocated_minor > received_minor OR refunded_minor > received_minor OR foreign_currency_count > 0
  )
  AND @condition
