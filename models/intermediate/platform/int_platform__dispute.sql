MODEL (
  name intermediate.int_platform__dispute,
  kind VIEW,
  owner data_engineering,
  grain dispute_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per dispute of a charge, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  dispute_id::VARCHAR AS dispute_id, /* Dispute, natural key */
  charge_id::VARCHAR AS charge_id, /* Charge that is disputed */
  currency::VARCHAR AS currency, /* ISO 4217 currency */
  status::VARCHAR AS status, /* Stripe's status: needs_response, under_review, won, lost or warning_... */
  reason_code::VARCHAR AS reason_code, /* Reason, as Stripe calls it */
  amount_minor::BIGINT AS amount_minor, /* Amount disputed, minor units of the charge's currency */
  created_at::TIMESTAMP AS created_at, /* When it was opened, UTC */
  evidence_due_at::TIMESTAMP AS evidence_due_at, /* When evidence is due, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__dispute_change, dispute_id)
)
