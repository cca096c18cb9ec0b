MODEL (
  name intermediate.int_sales__user,
  kind VIEW,
  owner data_engineering,
  grain salesperson_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per user in Salesforce, as last read. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  salesperson_id::VARCHAR AS salesperson_id, /* User, natural key */
  name::VARCHAR AS name, /* Name of the employee */
  title::VARCHAR AS title, /* Job title */
  department::VARCHAR AS department, /* Department */
  manager_id::VARCHAR AS manager_id, /* User who manages this one, NULL at the top */
  is_active::BOOLEAN AS is_active, /* Whether the user may log in */
  created_at::TIMESTAMP AS created_at, /* When the record was made, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it is deleted in Salesforce */
FROM (
  @latest_image(intermediate.int_sales__user_change, salesperson_id)
)
