MODEL (
  name intermediate.int_scheduling__appointment_type,
  kind VIEW,
  owner data_engineering,
  grain appointment_type_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per appointment type, as last told by the source. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  appointment_type_id::BIGINT AS appointment_type_id, /* Appointment type, natural key */
  account_id::BIGINT AS account_id, /* Account that defined it */
  type_code::VARCHAR AS type_code, /* Code of the type */
  type_name::VARCHAR AS type_name, /* Name of the type */
  default_minutes::INT AS default_minutes, /* Usual length, minutes */
  is_telehealth::BOOLEAN AS is_telehealth, /* Whether visits of this type are remote */
  is_active::BOOLEAN AS is_active, /* Whether it can be booked */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_scheduling__appointment_type_change, appointment_type_id)
)
