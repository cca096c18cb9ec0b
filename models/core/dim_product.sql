MODEL (
  name core.dim_product,
  kind VIEW,
  owner analytics_engineering,
  grain product_id,
  tags (
    'layer=core'
  ),
  audits (unique_values(columns := product_id), not_null(columns := (product_id, product_name))),
  description 'One row per product that Northstar sells through Stripe, without history; deleted ones stay, flagged.
Use it for: revenue by product. Not for: prices (dim_price).'
);

SELECT
  product_id::VARCHAR AS product_id, /* Product, natural key */
  created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  product_name::VARCHAR AS product_name, /* Name of the product */
  unit_label::VARCHAR AS unit_label, /* What one unit is called, such as seat */
  is_active::BOOLEAN AS is_active, /* Whether it can be sold */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM intermediate.int_platform__product
