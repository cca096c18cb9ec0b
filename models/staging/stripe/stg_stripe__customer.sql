MODEL (
  name staging.stg_stripe__customer,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=stripe', 'phi=none'),
  description 'One row per change of a customer in Stripe: an account of Northstar that pays by card. E-mail stays in raw.
Use it for: the audited batch. Not for: analysis.'
);

SELECT
  _op::VARCHAR AS operation, /* R listed, I created, U updated, D deleted */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which Stripe told its changes */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When Stripe made the change, UTC */
  id::VARCHAR AS stripe_customer_id, /* Customer, natural key */
  name::VARCHAR AS customer_name, /* Name of the customer, an organisation */
  UPPER(currency)::VARCHAR AS currency, /* ISO 4217 currency of the customer */
  address_country::VARCHAR AS country, /* ISO 3166 country */
  account_number::VARCHAR AS account_number, /* Account number kept in the customer's metadata */
  created::TIMESTAMP AS created_at, /* When the customer was made, UTC */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_stripe.customer
WHERE
  COALESCE(livemode, TRUE)
