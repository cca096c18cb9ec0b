MODEL (
  name core.dim_stripe_customer,
  kind VIEW,
  owner analytics_engineering,
  grain stripe_customer_id,
  references (
    account_id
  ),
  tags (
    'layer=core'
  ),
  depends_on (
    core.dim_account
  ),
  audits (
    unique_values(columns := stripe_customer_id),
    not_null(columns := (stripe_customer_id, account_id, match_status)),
    referential_integrity(references := (
      account_id = core.dim_account
    ), blocking := FALSE)
  ),
  description 'One row per customer in Stripe, also a deleted one: which account of the app it is. A bridge between what Stripe
knows and dim_account, so that facts of Stripe need not wait for the app.
Use it for: putting platform billing beside an account. Not for: attributes of the account (dim_account).'
);

SELECT
  customer.stripe_customer_id::VARCHAR AS stripe_customer_id, /* Customer, natural key */
  COALESCE(match.account_id, -1)::BIGINT AS account_id, /* Account of the app; -1 when none was found */
  customer.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  customer.currency::VARCHAR AS currency, /* ISO 4217 currency in which it is billed */
  COALESCE(match.match_status, 'unmatched')::VARCHAR AS match_status, /* matched, conflicting, ambiguous or unmatched */
  customer.is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_identity__stripe_customer_change, stripe_customer_id)
) AS customer
LEFT JOIN intermediate.int_identity__account AS match
  ON match.system = 'stripe' AND match.system_id = customer.stripe_customer_id
