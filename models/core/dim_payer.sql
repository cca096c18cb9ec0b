MODEL (
  name core.dim_payer,
  kind VIEW,
  owner analytics_engineering,
  grain payer_id,
  tags (
    'layer=core'
  ),
  audits (unique_values(columns := payer_id), not_null(columns := (payer_id, payer_code, payer_name, payer_kind))),
  description 'One row per payer, without history, one for the unknown payer and one for the patient who pays.
Use it for: the payer mix of payments. Not for: what a payer owes; that is remitted by claim (fct_remittance).'
);

SELECT
  payer_id::BIGINT AS payer_id, /* Payer, natural key; -1 for the unknown member, -2 for the patient */
  payer_code::VARCHAR AS payer_code, /* Code by which people call the payer */
  payer_name::VARCHAR AS payer_name, /* Name of the payer, an organisation */
  payer_kind::VARCHAR AS payer_kind, /* commercial, medicare, medicaid, self_pay or unknown */
  is_active::BOOLEAN AS is_active, /* Whether it can be billed */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM intermediate.int_billing__payer
UNION ALL
SELECT
  -1::BIGINT,
  'unknown'::VARCHAR,
  'Unknown'::VARCHAR,
  'unknown'::VARCHAR,
  FALSE,
  FALSE
UNION ALL
SELECT
  -2::BIGINT,
  'patient'::VARCHAR,
  'Patient'::VARCHAR,
  'self_pay'::VARCHAR,
  TRUE,
  FALSE
