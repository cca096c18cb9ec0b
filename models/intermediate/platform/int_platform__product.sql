MODEL (
  name intermediate.int_platform__product,
  kind VIEW,
  owner data_engineering,
  grain product_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per product that Northstar sells through Stripe, as last told by Stripe. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  product_id::VARCHAR AS product_id, /* Product, natural key */
  product_name::VARCHAR AS product_name, /* Name of the product */
  unit_label::VARCHAR AS unit_label, /* What one unit is called, such as seat */
  is_active::BOOLEAN AS is_active, /* Whether it can be sold */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  committed_at::TIMESTAMP AS changed_at, /* When Stripe made the last change, UTC; of a listed one when it was listed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_platform__product_change, product_id)
)
