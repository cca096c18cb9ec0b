MODEL (
  name ops.source_freshness,
  kind VIEW,
  owner data_engineering,
  cron '@daily',
  grain source,
  tags (
    'layer=ops'
  ),
  description 'One row per source: through when it is complete in raw, and how far behind the last tick that is.
Use it for: whether a source is late. Not for: what its models show, which is in ops.mart_freshness.'
);

WITH told AS (
  SELECT
    source,
    MAX(source_as_of) AS read_up_to,
    MAX(IFF(row_count > 0, loaded_at, NULL)) AS rows_landed_at
  FROM ops.load_ledger
  WHERE
    object = '*'
  GROUP BY
    source
), sealed AS (
  SELECT
    source,
    MAX(sealed_through) AS sealed_through
  FROM ops.source_seal
  GROUP BY
    source
)
SELECT
  sealed.source::VARCHAR AS source, /* Source */
  sealed.sealed_through::TIMESTAMP AS complete_through, /* End of what is complete in raw, exclusive, UTC */
  told.read_up_to::TIMESTAMP AS read_up_to, /* Through when the source itself was read, UTC */
  told.rows_landed_at::TIMESTAMP AS rows_landed_at, /* Stamp of the last load that had rows, UTC */
  DATEDIFF(MINUTE, sealed.sealed_through, latest.tick_at)::BIGINT AS lag_minutes /* From there to the boundary of the last tick */
FROM sealed
LEFT JOIN told
  ON told.source = sealed.source
CROSS JOIN (
  SELECT
    MAX(tick_at) AS tick_at
  FROM ops.tick_log
) AS latest
