MODEL (
  name intermediate.int_scheduling__provider_schedule,
  kind VIEW,
  owner data_engineering,
  grain schedule_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per weekly template of a provider, as last told by the source. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  schedule_id::BIGINT AS schedule_id, /* Template, natural key */
  provider_id::BIGINT AS provider_id, /* Provider who can be booked */
  clinic_id::BIGINT AS clinic_id, /* Clinic at which */
  iso_weekday::INT AS iso_weekday, /* 1 Monday to 7 Sunday */
  local_starts_at::TIME AS local_starts_at, /* Start, local wall clock */
  local_ends_at::TIME AS local_ends_at, /* End, exclusive, local wall clock; 00:00 is the end of the day */
  slot_minutes::INT AS slot_minutes, /* Length of a bookable slot, minutes */
  valid_from::DATE AS valid_from, /* First local day of the template */
  valid_to::DATE AS valid_to, /* Local day from which it no longer holds, NULL when open */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_scheduling__provider_schedule_change, schedule_id)
)
