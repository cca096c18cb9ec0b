MODEL (
  name intermediate.int_billing__payer,
  kind VIEW,
  owner data_engineering,
  grain payer_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per payer, as last told by the source. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  payer_id::BIGINT AS payer_id, /* Payer, natural key */
  payer_code::VARCHAR AS payer_code, /* Code by which people call the payer */
  payer_name::VARCHAR AS payer_name, /* Name of the payer, an organisation */
  payer_kind::VARCHAR AS payer_kind, /* commercial, medicare, medicaid or self_pay */
  is_active::BOOLEAN AS is_active, /* Whether it can be billed */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_billing__payer_change, payer_id)
)
