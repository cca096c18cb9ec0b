MODEL (
  name core.bridge_account_salesforce,
  kind VIEW,
  owner analytics_engineering,
  grain account_id,
  references (account_id, salesforce_account_id),
  tags (
    'layer=core'
  ),
  depends_on (
    core.dim_account
  ),
  audits (
    unique_values(columns := account_id),
    not_null(columns := (account_id, salesforce_account_id)),
    referential_integrity(references := (account_id = core.dim_account, salesforce_account_id = core.dim_salesforce_account), blocking := FALSE)
  ),
  description 'One row per account of the app that Salesforce knows: the account in Salesforce that stands for it.
Of several that match, one whose type is Customer comes first, then the oldest, then the smallest Id.
Use it for: owner and attributes in Salesforce of an account of the app, without counting it twice. Not for: which accounts in
Salesforce match (dim_salesforce_account).'
);

SELECT
  account_id::BIGINT AS account_id, /* Account of the app */
  salesforce_account_id::VARCHAR AS salesforce_account_id /* Account in Salesforce that stands for it */
FROM core.dim_salesforce_account
WHERE
  account_id <> -1 AND NOT is_deleted
QUALIFY
  ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY IFF(account_type = 'Customer', 0, 1), created_at, salesforce_account_id) = 1
