MODEL (
  name reference.slot_number,
  kind FULL,
  cron '@daily',
  owner data_engineering,
  grain slot_no,
  tags (
    'layer=reference'
  ),
  audits (unique_values(columns := slot_no), number_of_rows(threshold := 1439)),
  description 'One row per number from 0 to 1439, the places that slots can have in a day. Use it for: cutting sessions into slots.'
);

SELECT
  (
    ROW_NUMBER() OVER (ORDER BY 1) - 1
  )::INT AS slot_no /* The number */
FROM TABLE(GENERATOR(ROWCOUNT => 1440))
