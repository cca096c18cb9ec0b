MODEL (
  name core.fct_account_stage,
  kind VIEW,
  owner analytics_engineering,
  grain (account_id, valid_from),
  references (
    account_id
  ),
  tags ('layer=core', 'zone=restricted', 'fact=accumulating_snapshot', 'flow=sparse'),
  depends_on (
    core.dim_account
  ),
  audits (
    not_null(columns := (account_id, valid_from, valid_to, is_current, stage)),
    accepted_values(column := stage, is_in := ('lead', 'trial', 'onboarding', 'active', 'at_risk', 'churned', 'won_back')),
    history_is_seamless(key := account_id, opens_past := FALSE),
    referential_integrity(references := (
      account_id = core.dim_account
    ))
  ),
  description 'One row per stage in the life of an account, exact to the instant, half-open [valid_from, valid_to).
Stage at an instant, by the first that applies: lead (Salesforce knows it, the app not yet); trial by the app''s status; churned by the
app''s status, or deleted; at_risk: past due or suspended by the app''s status, or an invoice of the platform past its due date, or,
after the first fulfilled visit, no appointment booked for 30 days; onboarding: no visit fulfilled yet; won_back: churned before;
else active. Use it for: the stage as of a time (macro as_of), time spent in stages. Not for: BI, as the instants of visits
shine through: see mart_account_lifecycle. The app''s status before its first known change is taken to have been the same.
A view: what only time brings is there when its time has come.'
);

SELECT
  account_id::BIGINT AS account_id, /* Account */
  valid_from::TIMESTAMP AS valid_from, /* First instant of the stage, UTC */
  valid_to::TIMESTAMP AS valid_to, /* End, exclusive, UTC; 9999-12-31 while open */
  (
    valid_to = '9999-12-31'::TIMESTAMP
  )::BOOLEAN AS is_current, /* Whether the stage is open */
  stage::VARCHAR AS stage, /* lead, trial, onboarding, active, at_risk, churned or won_back */
  previous_stage::VARCHAR AS previous_stage, /* Stage before, NULL for the first */
  entry_risk::VARCHAR AS entry_risk /* Why the account was at risk when it came to be: status, overdue or idle; NULL in other stages */
FROM intermediate.int_lifecycle__stage
