MODEL (
  name intermediate.int_revenue__charge_source,
  kind VIEW,
  owner data_engineering,
  cron '@hourly',
  grain (source_id, charge_id),
  tags (
    'layer=intermediate'
  ),
  description 'One row per charge, refund and dispute of Northstar''s, as the source of balance transactions, with the charge that it goes back
to, in any version. Use it for: finding the charge that a fee belongs to. Not for: the present state.
A view: the logs behind it are small.'
);

SELECT
  source_id::VARCHAR AS source_id, /* Charge, refund or dispute */
  charge_id::VARCHAR AS charge_id /* Charge that it goes back to */
FROM (
  SELECT
    charge_id AS source_id,
    charge_id
  FROM intermediate.int_platform__charge_change
  UNION
  SELECT
    refund_id,
    charge_id
  FROM intermediate.int_platform__refund_change
  UNION
  SELECT
    dispute_id,
    charge_id
  FROM intermediate.int_platform__dispute_change
) AS source
WHERE
  NOT charge_id IS NULL
