MODEL (
  name core.fct_lead,
  kind VIEW,
  owner analytics_engineering,
  grain lead_id,
  references (salesperson_id, converted_account_id AS salesforce_account_id, converted_opportunity_id AS opportunity_id),
  tags ('layer=core', 'fact=accumulating_snapshot', 'flow=sparse'),
  depends_on (
    core.dim_salesperson
  ),
  audits (
    unique_values(columns := lead_id),
    not_null(columns := (lead_id, salesperson_id, created_at, is_converted, is_deleted)),
    referential_integrity(references := (
      salesperson_id = core.dim_salesperson
    ))
  ),
  description 'One row per lead in Salesforce, a person at an organisation that may buy; an accumulating snapshot until it is converted.
Use it for: leads by source, conversion and its time. Not for: leads that partners refer (fct_referral_lead); for what was
converted into, once that is deleted. Deleted leads stay, flagged. A view over audited state.'
);

SELECT
  lead.lead_id::VARCHAR AS lead_id, /* Lead, natural key */
  COALESCE(person.salesperson_id, '-1')::VARCHAR AS salesperson_id, /* Owner; -1 when a queue owns it */
  lead.converted_account_id::VARCHAR AS converted_account_id, /* Account in Salesforce that it became, NULL before */
  lead.converted_opportunity_id::VARCHAR AS converted_opportunity_id, /* Opportunity opened by the conversion, if any */
  lead.created_at::TIMESTAMP AS created_at, /* When it was made, UTC */
  lead.converted_on::DATE AS converted_on, /* Day on which it was converted, NULL before */
  lead.status::VARCHAR AS status, /* Status as sales keeps it */
  lead.lead_source::VARCHAR AS lead_source, /* Where it came from */
  lead.rating::VARCHAR AS rating, /* Hot, Warm or Cold */
  lead.country::VARCHAR AS country, /* Country of the organisation */
  COALESCE(lead.is_converted, FALSE)::BOOLEAN AS is_converted, /* Whether it became an account */
  lead.is_deleted::BOOLEAN AS is_deleted, /* Whether it is deleted in Salesforce */
  lead.employee_count::BIGINT AS employee_count, /* Employees of the organisation */
  DATEDIFF(DAY, lead.created_at::DATE, lead.converted_on)::INT AS conversion_days /* Days from creation to conversion */
FROM intermediate.int_sales__lead AS lead
LEFT JOIN intermediate.int_sales__user AS person
  ON person.salesperson_id = lead.owner_id
