MODEL (
  name core.dim_currency,
  kind VIEW,
  owner analytics_engineering,
  grain currency,
  tags (
    'layer=core'
  ),
  audits (unique_values(columns := currency), not_null(columns := (currency, exponent, payout_exponent))),
  description 'One row per currency: how many decimal places its minor unit has.
Use it for: turning minor units into amounts (macro major). Not for: dividing by 100 without looking; yen has no minor unit,
the Kuwaiti dinar has three decimals.'
);

SELECT
  currency::VARCHAR AS currency, /* ISO 4217 code */
  currency_name::VARCHAR AS currency_name, /* Name of the currency */
  exponent::INT AS exponent, /* Decimal places of the minor unit in which amounts are kept */
  payout_exponent::INT AS payout_exponent, /* Decimal places to which Stripe rounds payouts */
  (
    currency = 'USD'
  )::BOOLEAN AS is_reporting_currency /* Whether amounts are also shown in it everywhere */
FROM reference.currency
