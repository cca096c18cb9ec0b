MODEL (
  name reference.exchange_rate,
  kind SEED (
    path '$root/seeds/exchange_rate.csv'
  ),
  owner data_engineering,
  grain (currency, valid_from),
  references (
    currency
  ),
  tags (
    'layer=reference'
  ),
  columns (
    currency VARCHAR,
    valid_from VARCHAR,
    usd_per_unit DECIMAL(18, 8)
  ),
  column_descriptions (
    currency = 'ISO 4217 code',
    valid_from = 'First day of the rate, ISO 8601, as text because SQLMesh reads dates of seeds with a warning',
    usd_per_unit = 'US dollars for one unit of the currency'
  ),
  audits (
    unique_combination_of_columns(columns := (currency, valid_from))
  ),
  description 'One row per currency and month: the rate of the month against the US dollar.
Use it for: core.dim_exchange_rate. Not for: trading; the rates are made up, like all data of this company.'
)
