MODEL (
  name core.dim_salesperson,
  kind VIEW,
  owner analytics_engineering,
  grain salesperson_id,
  tags (
    'layer=core'
  ),
  audits (unique_values(columns := salesperson_id), not_null(columns := (salesperson_id, name, is_active))),
  description 'One row per user of Salesforce, an employee of Northstar, without history, and one for the unknown or none.
Use it for: names, titles and managers of those who own accounts, opportunities and leads. Not for: who reported to whom earlier.'
);

SELECT
  person.salesperson_id::VARCHAR AS salesperson_id, /* User of Salesforce, natural key; -1 for the unknown member */
  person.name::VARCHAR AS name, /* Name of the employee */
  person.title::VARCHAR AS title, /* Job title */
  person.department::VARCHAR AS department, /* Department */
  person.manager_id::VARCHAR AS manager_id, /* User who manages this one, NULL at the top */
  manager.name::VARCHAR AS manager_name, /* Name of the manager */
  COALESCE(person.is_active, FALSE)::BOOLEAN AS is_active, /* Whether the user may log in */
  person.created_at::TIMESTAMP AS created_at /* When the user was made, UTC */
FROM intermediate.int_sales__user AS person
LEFT JOIN intermediate.int_sales__user AS manager
  ON manager.salesperson_id = person.manager_id
UNION ALL
SELECT
  '-1'::VARCHAR,
  'Unknown'::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  FALSE,
  NULL::TIMESTAMP
