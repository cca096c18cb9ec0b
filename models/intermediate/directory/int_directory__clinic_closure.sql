MODEL (
  name intermediate.int_directory__clinic_closure,
  kind VIEW,
  owner data_engineering,
  grain closure_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per closure of a clinic, as last told by the source. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  closure_id::BIGINT AS closure_id, /* Closure, natural key */
  clinic_id::BIGINT AS clinic_id, /* Clinic that is closed */
  local_starts_at::TIMESTAMP AS local_starts_at, /* Start, local wall clock */
  local_ends_at::TIMESTAMP AS local_ends_at, /* End, exclusive, local wall clock */
  reason_code::VARCHAR AS reason_code, /* holiday, weather or maintenance */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_directory__clinic_closure_change, closure_id)
)
