MODEL (
  name intermediate.int_scheduling__block,
  kind VIEW,
  owner data_engineering,
  grain (block_kind, block_id),
  tags (
    'layer=intermediate'
  ),
  description 'One row per span in which sessions cannot be booked: a provider''s time off or block, or a clinic''s closure.
Use it for: taking blocked time out of sessions. Not for: counting days off; spans may overlap.'
);

SELECT
  exception_kind::VARCHAR AS block_kind, /* pto, admin_block or closure */
  exception_id::BIGINT AS block_id, /* Exception or closure */
  provider_id::BIGINT AS provider_id, /* Provider who is blocked, NULL for everyone at the clinic */
  clinic_id::BIGINT AS clinic_id, /* Clinic at which, NULL at every clinic */
  starts_at::TIMESTAMP AS starts_at, /* Start, UTC */
  ends_at::TIMESTAMP AS ends_at /* End, exclusive, UTC */
FROM intermediate.int_scheduling__schedule_exception
WHERE
  NOT is_deleted AND NOT is_cancelled
UNION ALL
SELECT
  'closure'::VARCHAR AS block_kind,
  closure.closure_id::BIGINT AS block_id,
  NULL::BIGINT AS provider_id,
  closure.clinic_id::BIGINT AS clinic_id,
  @utc_time(closure.local_starts_at, clinic.time_zone)::TIMESTAMP AS starts_at,
  @utc_time(closure.local_ends_at, clinic.time_zone)::TIMESTAMP AS ends_at
FROM intermediate.int_directory__clinic_closure AS closure
JOIN intermediate.int_directory__clinic AS clinic
  USING (clinic_id)
WHERE
  NOT closure.is_deleted
