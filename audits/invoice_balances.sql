AUDIT (
  name invoice_balances,
  dialect snowflake,
  defaults (
    condition = TRUE
  )
);

/* Invoices whose header does not agree with what hangs on them.
One of which a row is in quarantine is excused; of a deleted one nothing may be left. */
SELECT
  invoice_id
FROM @this_model
WHERE
  NOT has_quarantined_row
  AND (
    IFF(is_deleted, 0, subtotal_minor) <> line_amount_minor
    OR IFF(is_deleted, 0, tax_minor) <> line_tax_minor
    OR total_minor <> subtotal_minor + tax_minor
    OR IFF(is_deleted, 0, paid_minor) <> allocated_minor
    OR IFF(is_deleted, 0, credited_minor) <> noted_minor
    OR foreign_currency_count > 0
  )
  AND @condition
