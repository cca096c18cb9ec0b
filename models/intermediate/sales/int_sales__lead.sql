MODEL (
  name intermediate.int_sales__lead,
  kind VIEW,
  owner data_engineering,
  grain lead_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per lead in Salesforce, as last read. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  lead_id::VARCHAR AS lead_id, /* Lead, natural key */
  owner_id::VARCHAR AS owner_id, /* User, or queue, that owns the lead */
  status::VARCHAR AS status, /* Status as sales keeps it */
  lead_source::VARCHAR AS lead_source, /* Where the lead came from */
  rating::VARCHAR AS rating, /* Hot, Warm or Cold */
  country::VARCHAR AS country, /* Country of the organisation */
  employee_count::BIGINT AS employee_count, /* Employees of the organisation */
  is_converted::BOOLEAN AS is_converted, /* Whether it became an account */
  converted_on::DATE AS converted_on, /* Day on which it became one */
  converted_account_id::VARCHAR AS converted_account_id, /* Account in Salesforce that it became */
  converted_opportunity_id::VARCHAR AS converted_opportunity_id, /* Opportunity opened by the conversion, if any */
  created_at::TIMESTAMP AS created_at, /* When the record was made, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it is deleted in Salesforce */
FROM (
  @latest_image(intermediate.int_sales__lead_change, lead_id)
)
