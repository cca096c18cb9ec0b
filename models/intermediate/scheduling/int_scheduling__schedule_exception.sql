MODEL (
  name intermediate.int_scheduling__schedule_exception,
  kind VIEW,
  owner data_engineering,
  grain exception_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per time off or block of a provider, as last told by the source. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  exception_id::BIGINT AS exception_id, /* Exception, natural key */
  provider_id::BIGINT AS provider_id, /* Provider who cannot be booked */
  clinic_id::BIGINT AS clinic_id, /* Clinic at which, NULL at every clinic */
  exception_kind::VARCHAR AS exception_kind, /* pto or admin_block */
  starts_at::TIMESTAMP AS starts_at, /* Start, UTC */
  ends_at::TIMESTAMP AS ends_at, /* End, exclusive, UTC */
  is_cancelled::BOOLEAN AS is_cancelled, /* Whether it was called off */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_scheduling__schedule_exception_change, exception_id)
)
