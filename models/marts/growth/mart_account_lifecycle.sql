MODEL (
  name marts_growth.mart_account_lifecycle,
  kind VIEW,
  owner analytics_engineering,
  grain (account_id, valid_from),
  references (
    account_id
  ),
  tags ('layer=mart', 'subject=growth', 'cadence=half_hour'),
  audits (
    not_null(columns := (account_id, valid_from, valid_to, is_current, stage, account_name, stage_days)),
    history_is_seamless(key := account_id, opens_past := FALSE)
  ),
  description 'One row per stage in the life of an account: whole days (UTC), half-open [valid_from, valid_to), no gap, no overlap, from the
day on which Salesforce or the app first knew it. A day has the stage that holds at its end.
Stage, by the first that applies: lead: Salesforce knows the account, the app not yet; trial by the app''s status; churned by the
app''s status, or deleted; at_risk: past due or suspended by the app''s status, or an invoice of the platform past its due date, or,
after the first fulfilled visit, no appointment booked for 30 days; onboarding: no visit fulfilled yet; won_back: churned before;
else active. Answers: where is each account, how long has it been there, how do accounts move from stage to stage, who came back.
Use it for: accounts by stage as of a day (valid_from <= day AND day < valid_to), time in stages. Not for: the hour of a change
(core.fct_account_stage); revenue (mart_mrr_movement, whose churn is of subscriptions). The app''s status before its first known change
is taken to have been the same.'
);

WITH day AS (
  SELECT
    account_id,
    valid_from::DATE AS valid_from,
    stage,
    entry_risk
  FROM core.fct_account_stage
  WHERE
    valid_from::DATE < valid_to::DATE
), kept AS (
  SELECT
    account_id,
    valid_from,
    stage,
    entry_risk,
    LAG(stage) OVER (PARTITION BY account_id ORDER BY valid_from) AS previous_stage
  FROM day
  QUALIFY
    NOT EQUAL_NULL(stage, LAG(stage) OVER (PARTITION BY account_id ORDER BY valid_from))
), span AS (
  SELECT
    account_id,
    valid_from,
    COALESCE(LEAD(valid_from) OVER (PARTITION BY account_id ORDER BY valid_from), '9999-12-31'::DATE) AS valid_to,
    stage,
    previous_stage,
    entry_risk
  FROM kept
)
SELECT
  span.account_id::BIGINT AS account_id, /* Account */
  span.valid_from::DATE AS valid_from, /* First day of the stage, UTC */
  span.valid_to::DATE AS valid_to, /* Day after its last, UTC; 9999-12-31 while open */
  (
    span.valid_to = '9999-12-31'::DATE
  )::BOOLEAN AS is_current, /* Whether the stage is open */
  account.account_name::VARCHAR AS account_name, /* Name of the account now */
  account.segment::VARCHAR AS segment, /* smb, mid_market or enterprise, now */
  span.stage::VARCHAR AS stage, /* lead, trial, onboarding, active, at_risk, churned or won_back */
  span.previous_stage::VARCHAR AS previous_stage, /* Stage before, NULL for the first */
  span.entry_risk::VARCHAR AS entry_risk, /* Why the account was at risk when it came to be: status, overdue or idle; NULL in other stages */
  DATEDIFF(DAY, span.valid_from, LEAST(span.valid_to, watermark.complete_through::DATE))::INT AS stage_days /* Days in the stage; of an open one those that are over */
FROM span
JOIN core.dim_account AS account
  ON account.account_id = span.account_id AND account.is_current
JOIN core.watermark_account AS watermark
  ON watermark.subject = 'account'
