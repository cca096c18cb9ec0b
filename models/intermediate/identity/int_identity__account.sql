MODEL (
  name intermediate.int_identity__account,
  kind VIEW,
  owner data_engineering,
  grain (system, system_id),
  references (
    account_id
  ),
  tags ('layer=intermediate', 'subject=identity'),
  audits (
    unique_combination_of_columns(columns := (system, system_id)),
    accepted_values(column := match_status, is_in := ('matched', 'conflicting', 'ambiguous', 'unmatched'))
  ),
  description 'One row per customer in Stripe and per account in Salesforce: which account of the app it is, by which rule.
The most trusted rule that names exactly one account wins; a less trusted one that names another makes the match conflicting;
a rule that names several names none. A record without an account stays, unmatched. Use it for: tying sources together, and for
the list of what does not match. Not for: facts to wait for; they carry the ids of their own source.
A view: there are as many rows as customers. Deleted records are left out.'
);

WITH rule AS (
  SELECT
    system,
    system_id,
    trust_rank,
    match_rule,
    COUNT(DISTINCT account_id) AS account_count,
    MIN(account_id) AS account_id
  FROM intermediate.int_identity__candidate
  GROUP BY
    system,
    system_id,
    trust_rank,
    match_rule
), record AS (
  SELECT
    system,
    system_id,
    MIN_BY(account_id, IFF(account_count = 1, trust_rank, NULL)) AS account_id,
    MIN_BY(match_rule, IFF(account_count = 1, trust_rank, NULL)) AS match_rule,
    COUNT(DISTINCT IFF(account_count = 1, account_id, NULL)) AS named_count,
    MAX(account_count) AS most_named
  FROM rule
  GROUP BY
    system,
    system_id
)
SELECT
  system::VARCHAR AS system, /* stripe or salesforce */
  system_id::VARCHAR AS system_id, /* Id of the record there */
  account_id::BIGINT AS account_id, /* Account of the app, NULL when none was found */
  match_rule::VARCHAR AS match_rule, /* Rule that found it: linked_id, account_number or same_name */
  CASE
    WHEN named_count > 1
    THEN 'conflicting'
    WHEN named_count = 1
    THEN 'matched'
    WHEN most_named > 1
    THEN 'ambiguous'
    ELSE 'unmatched'
  END::VARCHAR AS match_status /* matched; conflicting: rules name different accounts; ambiguous: a rule names several; unmatched */
FROM record
