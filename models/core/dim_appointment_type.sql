MODEL (
  name core.dim_appointment_type,
  kind VIEW,
  owner analytics_engineering,
  grain appointment_type_id,
  tags (
    'layer=core'
  ),
  audits (unique_values(columns := appointment_type_id), not_null(columns := (appointment_type_id, type_code))),
  description 'One row per appointment type of an account, without history, and one for the unknown type.
Use it for: grouping visits by type. Not for: comparing accounts by type_code; each account names its own.'
);

SELECT
  appointment_type_id::BIGINT AS appointment_type_id, /* Appointment type; -1 for the unknown member */
  account_id::BIGINT AS account_id, /* Account that defined it */
  type_code::VARCHAR AS type_code, /* Code of the type */
  type_name::VARCHAR AS type_name, /* Name of the type */
  default_minutes::INT AS default_minutes, /* Usual length, minutes */
  is_telehealth::BOOLEAN AS is_telehealth, /* Whether visits of this type are remote */
  is_active::BOOLEAN AS is_active, /* Whether it can be booked */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM intermediate.int_scheduling__appointment_type
UNION ALL
SELECT
  -1::BIGINT,
  -1::BIGINT,
  'unknown'::VARCHAR,
  'Unknown'::VARCHAR,
  NULL::INT,
  NULL::BOOLEAN,
  FALSE,
  FALSE
