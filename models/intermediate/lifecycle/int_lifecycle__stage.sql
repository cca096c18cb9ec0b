MODEL (
  name intermediate.int_lifecycle__stage,
  kind VIEW,
  owner data_engineering,
  grain (account_id, valid_from),
  tags ('layer=intermediate', 'subject=lifecycle'),
  description 'One row per stage in the life of an account, half-open [valid_from, valid_to), no gap, no overlap, exactly one open.
Of the conditions that hold the first decides: lead, trial, churned, at risk (troubled, overdue or idle), onboarding (not started),
won back (churned before), else active. Use it for: core.fct_account_stage. Not for: counting.
A view: it takes the beginnings and ends of all conditions in order.'
);

WITH edge AS (
  SELECT
    stretch.account_id,
    IFF(side.step = 1, stretch.begins_at, stretch.ends_at) AS at,
    stretch.condition,
    side.step
  FROM intermediate.int_lifecycle__condition AS stretch
  CROSS JOIN (
    SELECT
      1 AS step
    UNION ALL
    SELECT
      -1
  ) AS side
  WHERE
    side.step = 1 OR stretch.ends_at < '9999-12-31'::TIMESTAMP
), moment AS (
  SELECT
    account_id,
    at,
    SUM(IFF(condition = 'lead', step, 0)) AS lead,
    SUM(IFF(condition = 'trial', step, 0)) AS trial,
    SUM(IFF(condition = 'churned', step, 0)) AS churned,
    SUM(IFF(condition = 'troubled', step, 0)) AS troubled,
    SUM(IFF(condition = 'overdue', step, 0)) AS overdue,
    SUM(IFF(condition = 'idle', step, 0)) AS idle,
    SUM(IFF(condition = 'started', step, 0)) AS started
  FROM edge
  GROUP BY
    account_id,
    at
), level AS (
  SELECT
    account_id,
    at,
    SUM(lead) OVER (PARTITION BY account_id ORDER BY at) > 0 AS is_lead,
    SUM(trial) OVER (PARTITION BY account_id ORDER BY at) > 0 AS is_trial,
    SUM(churned) OVER (PARTITION BY account_id ORDER BY at) > 0 AS is_churned,
    SUM(troubled) OVER (PARTITION BY account_id ORDER BY at) > 0 AS is_troubled,
    SUM(overdue) OVER (PARTITION BY account_id ORDER BY at) > 0 AS is_overdue,
    SUM(idle) OVER (PARTITION BY account_id ORDER BY at) > 0 AS is_idle,
    SUM(started) OVER (PARTITION BY account_id ORDER BY at) > 0 AS is_started
  FROM moment
), staged AS (
  SELECT
    account_id,
    at,
    CASE
      WHEN is_lead
      THEN 'lead'
      WHEN is_trial
      THEN 'trial'
      WHEN is_churned
      THEN 'churned'
      WHEN is_troubled OR is_overdue OR is_idle
      THEN 'at_risk'
      WHEN NOT is_started
      THEN 'onboarding'
      WHEN MAX(IFF(is_churned, 1, 0)) OVER (PARTITION BY account_id ORDER BY at) = 1
      THEN 'won_back'
      ELSE 'active'
    END AS stage,
    CASE WHEN is_troubled THEN 'status' WHEN is_overdue THEN 'overdue' WHEN is_idle THEN 'idle' END AS risk
  FROM level
), kept AS (
  SELECT
    account_id,
    at,
    stage,
    IFF(stage = 'at_risk', risk, NULL) AS entry_risk,
    LAG(stage) OVER (PARTITION BY account_id ORDER BY at) AS previous_stage
  FROM staged
  QUALIFY
    NOT EQUAL_NULL(stage, LAG(stage) OVER (PARTITION BY account_id ORDER BY at))
)
SELECT
  account_id::BIGINT AS account_id, /* Account */
  at::TIMESTAMP AS valid_from, /* First instant of the stage, UTC */
  COALESCE(LEAD(at) OVER (PARTITION BY account_id ORDER BY at), '9999-12-31'::TIMESTAMP)::TIMESTAMP AS valid_to, /* End, exclusive, UTC; 9999-12-31 while open */
  stage::VARCHAR AS stage, /* lead, trial, onboarding, active, at_risk, churned or won_back */
  previous_stage::VARCHAR AS previous_stage, /* Stage before, NULL for the first */
  entry_risk::VARCHAR AS entry_risk /* Why the account was at risk when it came to be: status, overdue or idle; NULL in other stages */
FROM kept
