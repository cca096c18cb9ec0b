MODEL (
  name intermediate.int_lifecycle__overdue,
  kind VIEW,
  owner data_engineering,
  grain stripe_invoice_id,
  tags ('layer=intermediate', 'subject=lifecycle'),
  description 'One row per invoice of the platform that was, or is, open after its due date, with the stretch of time,
half-open [begins_at, ends_at): from the day after the due date (UTC) until it is paid, voided or given up. An invoice that is
charged automatically is due when it is finalised. Use it for: int_lifecycle__condition. Not for: amounts (fct_receivable_day).
A stretch begins by itself, but not beyond what is known of invoices. A view: invoices of the platform are few.'
);

WITH invoice AS (
  SELECT
    invoice.stripe_invoice_id,
    identity.account_id,
    DATEADD(DAY, 1, COALESCE(invoice.due_at, invoice.finalized_at)::DATE)::TIMESTAMP AS begins_at,
    LEAST(
      COALESCE(invoice.paid_at, '9999-12-31'::TIMESTAMP),
      COALESCE(invoice.voided_at, '9999-12-31'::TIMESTAMP),
      COALESCE(invoice.uncollectible_at, '9999-12-31'::TIMESTAMP)
    ) AS ends_at
  FROM intermediate.int_platform__invoice AS invoice
  JOIN intermediate.int_identity__account AS identity
    ON identity.system = 'stripe' AND identity.system_id = invoice.stripe_customer_id
  WHERE
    NOT invoice.is_deleted AND NOT invoice.finalized_at IS NULL AND NOT identity.account_id IS NULL
)
SELECT
  stripe_invoice_id::VARCHAR AS stripe_invoice_id, /* Invoice in Stripe */
  account_id::BIGINT AS account_id, /* Account of the app that is billed */
  begins_at::TIMESTAMP AS begins_at, /* First instant past the due date, UTC */
  ends_at::TIMESTAMP AS ends_at /* When it was settled, exclusive, UTC; 9999-12-31 while it is open */
FROM invoice
WHERE
  begins_at < ends_at AND begins_at <= @audited_through(intermediate.int_platform__invoice_change)
