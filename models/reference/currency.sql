MODEL (
  name reference.currency,
  kind SEED (
    path '$root/seeds/currency.csv'
  ),
  owner data_engineering,
  grain currency,
  tags (
    'layer=reference'
  ),
  columns (
    currency VARCHAR,
    exponent INT,
    payout_exponent INT,
    currency_name VARCHAR
  ),
  column_descriptions (
    currency = 'ISO 4217 code',
    exponent = 'Decimal places of the minor unit in which sources give amounts, 0 to 3',
    payout_exponent = 'Decimal places to which Stripe rounds payouts',
    currency_name = 'Name of the currency'
  ),
  audits (
    unique_values(columns := currency),
    accepted_values(column := exponent, is_in := (0, 2, 3))
  ),
  description 'One row per currency in which an amount may be told. The exponents are Stripe''s: ISK is sent with two decimals.
Use it for: refusing an unknown currency; core.dim_currency. Not for: which currencies are in use.'
)
