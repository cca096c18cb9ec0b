MODEL (
  name ops.mart_freshness,
  kind VIEW,
  owner data_engineering,
  cron '@daily',
  grain (mart, source),
  tags (
    'layer=ops'
  ),
  description 'One row per mart and source behind it: through when the mart shows the source completely.
Use it for: as of when a mart is to be read, and which source holds it up. Not for: periods that a mart itself calls complete.
A mart is as complete as the slowest table on the way from the source to it.'
);

SELECT
  input.mart::VARCHAR AS mart, /* Mart, by schema and name */
  input.source::VARCHAR AS source, /* Source behind it */
  MIN(state.complete_through)::TIMESTAMP AS complete_through, /* End of what it shows of the source, exclusive, UTC */
  MAX(state.refreshed_at)::TIMESTAMP AS refreshed_at, /* When a table behind it last ran, UTC */
  DATEDIFF(MINUTE, MIN(state.complete_through), MAX(latest.tick_at))::BIGINT AS lag_minutes /* From the completeness to the boundary of the last tick */
FROM ops.mart_input AS input
LEFT JOIN ops.model_state AS state
  ON state.model = input.model
CROSS JOIN (
  SELECT
    MAX(tick_at) AS tick_at
  FROM ops.tick_log
) AS latest
GROUP BY
  input.mart,
  input.source
HAVING
  COUNT(*) = COUNT(state.model)
