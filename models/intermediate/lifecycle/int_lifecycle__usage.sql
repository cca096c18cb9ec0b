MODEL (
  name intermediate.int_lifecycle__usage,
  kind VIEW,
  owner data_engineering,
  grain (account_id, condition, begins_at),
  tags ('layer=intermediate', 'subject=lifecycle'),
  description 'One row per stretch of time, half-open [begins_at, ends_at), of two conditions of an account: started, from its first
fulfilled visit on, and idle, when since then none of its clinics had booked an appointment for 30 days. Use it for:
int_lifecycle__condition. Not for: counting.
An account becomes idle by time alone, so the last stretch begins by itself, but not beyond what is known of appointments.
A view over the days of each account, which it looks at in order.'
);

WITH booked AS (
  SELECT
    account_id,
    first_booked_at,
    last_booked_at,
    LAG(last_booked_at) OVER (PARTITION BY account_id ORDER BY activity_date) AS previous_booked_at
  FROM intermediate.int_activity__account_day
  WHERE
    booked_count > 0
), account AS (
  SELECT
    account_id,
    MIN(first_fulfilled_at) AS started_at,
    MAX(last_booked_at) AS last_booked_at
  FROM intermediate.int_activity__account_day
  GROUP BY
    account_id
), idle AS (
  SELECT
    account_id,
    DATEADD(DAY, 30, previous_booked_at)::TIMESTAMP AS begins_at,
    first_booked_at AS ends_at
  FROM booked
  UNION ALL
  SELECT
    account_id,
    DATEADD(DAY, 30, last_booked_at),
    '9999-12-31'::TIMESTAMP
  FROM account
  WHERE
    COALESCE(DATEADD(DAY, 30, last_booked_at), '1900-01-01'::TIMESTAMP) <= @audited_through(intermediate.int_scheduling__appointment_change)
)
SELECT
  account_id::BIGINT AS account_id, /* Account */
  'started'::VARCHAR AS condition, /* started or idle */
  started_at::TIMESTAMP AS begins_at, /* First instant, UTC */
  '9999-12-31'::TIMESTAMP AS ends_at /* End, exclusive, UTC; 9999-12-31 while it lasts */
FROM account
WHERE
  NOT started_at IS NULL
UNION ALL
SELECT
  idle.account_id::BIGINT,
  'idle'::VARCHAR,
  GREATEST(account.started_at, COALESCE(idle.begins_at, account.started_at))::TIMESTAMP,
  idle.ends_at::TIMESTAMP
FROM idle
JOIN account
  USING (account_id)
WHERE
  GREATEST(account.started_at, COALESCE(idle.begins_at, account.started_at)) < idle.ends_at
