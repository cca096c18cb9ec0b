MODEL (
  name reference.time_zone,
  kind SEED (
    path '$root/seeds/time_zone.csv'
  ),
  owner data_engineering,
  grain time_zone,
  tags (
    'layer=reference'
  ),
  columns (
    time_zone VARCHAR
  ),
  column_descriptions (
    time_zone = 'IANA name of a time zone that both engines know'
  ),
  description 'One row per IANA time zone that a clinic may have. Use it for: refusing an unknown zone before it fails a query.'
)
