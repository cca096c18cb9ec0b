MODEL (
  name core.fct_dispute,
  kind VIEW,
  owner analytics_engineering,
  grain dispute_id,
  references (charge_id, stripe_customer_id, currency),
  tags ('layer=core', 'fact=accumulating_snapshot', 'flow=sparse'),
  depends_on (core.dim_currency, core.fct_charge),
  audits (
    unique_values(columns := dispute_id),
    not_null(columns := (dispute_id, charge_id, currency, status, amount_minor, created_at)),
    referential_integrity(references := (charge_id = core.fct_charge, currency = core.dim_currency)),
    null_share(columns := stripe_customer_id, max_share := 0.2, blocking := FALSE)
  ),
  description 'One row per dispute of a charge, an accumulating snapshot with its latest status.
Use it for: lost disputes, which reduce collected cash at lost_at. Not for: fees, which are balance transactions.
A view over the audited log of Stripe, which is small.'
);

SELECT
  dispute.dispute_id::VARCHAR AS dispute_id, /* Dispute, natural key */
  dispute.charge_id::VARCHAR AS charge_id, /* Charge that is disputed */
  charge.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer who was charged */
  dispute.currency::VARCHAR AS currency, /* ISO 4217 currency */
  dispute.created_at::TIMESTAMP AS created_at, /* When it was opened, UTC */
  dispute.evidence_due_at::TIMESTAMP AS evidence_due_at, /* When evidence is due, UTC */
  course.closed_at::TIMESTAMP AS closed_at, /* When it was first told won or lost, UTC; when it was opened if it was closed before anything was known of it */
  IFF(dispute.status = 'lost', course.closed_at, NULL)::TIMESTAMP AS lost_at, /* When it was lost, UTC, as closed_at; NULL unless lost */
  dispute.status::VARCHAR AS status, /* Stripe's status: needs_response, under_review, won, lost or warning_... */
  dispute.reason_code::VARCHAR AS reason_code, /* Reason, as Stripe calls it */
  (
    dispute.status = 'lost'
  )::BOOLEAN AS is_lost, /* Whether it was lost */
  dispute.amount_minor::BIGINT AS amount_minor, /* Amount disputed, minor units of the charge's currency */
  dispute.changed_at::TIMESTAMP AS changed_at /* When Stripe made the last change, UTC; of a listed one when it was listed */
FROM intermediate.int_platform__dispute AS dispute
LEFT JOIN intermediate.int_platform__charge AS charge
  USING (charge_id)
LEFT JOIN intermediate.int_platform__dispute_course AS course
  USING (dispute_id)
WHERE
  NOT dispute.is_deleted
