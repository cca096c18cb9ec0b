MODEL (
  name core.dim_salesforce_account,
  kind VIEW,
  owner analytics_engineering,
  grain salesforce_account_id,
  references (
    account_id
  ),
  tags (
    'layer=core'
  ),
  depends_on (
    core.dim_account
  ),
  audits (
    unique_values(columns := salesforce_account_id),
    not_null(columns := (salesforce_account_id, account_id, match_status, is_deleted)),
    referential_integrity(references := (
      account_id = core.dim_account
    ), blocking := FALSE)
  ),
  description 'One row per account in Salesforce, an organisation that is or may become a customer, without history, and one for the
unknown. Use it for: which account of the app it is, type, segment and health as sales sees them. Not for: the owner as of a time
(dim_account_owner), nor what the app knows of a customer (dim_account).
Several accounts of Salesforce may be one account of the app; deleted ones are matched to none.'
);

SELECT
  crm.salesforce_account_id::VARCHAR AS salesforce_account_id, /* Account in Salesforce, natural key; -1 for the unknown member */
  COALESCE(identity.account_id, -1)::BIGINT AS account_id, /* Account of the app; -1 when it is none, or not known to be one */
  COALESCE(identity.match_status, 'unmatched')::VARCHAR AS match_status, /* matched; conflicting: rules name different accounts; ambiguous: a rule names several; unmatched */
  crm.account_name::VARCHAR AS account_name, /* Name of the organisation */
  crm.account_type::VARCHAR AS account_type, /* Customer, Prospect, Partner ... */
  crm.segment::VARCHAR AS segment, /* smb, mid_market or enterprise, as sales sees it */
  crm.industry::VARCHAR AS industry, /* Industry */
  crm.health_score::DECIMAL(9, 2) AS health_score, /* Health from 0 to 100 as sales keeps it, NULL when nobody did */
  crm.created_at::TIMESTAMP AS created_at, /* When the record was made, UTC */
  crm.is_deleted::BOOLEAN AS is_deleted /* Whether it is deleted in Salesforce */
FROM intermediate.int_sales__account AS crm
LEFT JOIN intermediate.int_identity__account AS identity
  ON identity.system = 'salesforce' AND identity.system_id = crm.salesforce_account_id
UNION ALL
SELECT
  '-1'::VARCHAR,
  -1::BIGINT,
  'unmatched'::VARCHAR,
  'Unknown'::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  NULL::DECIMAL(9, 2),
  NULL::TIMESTAMP,
  FALSE
