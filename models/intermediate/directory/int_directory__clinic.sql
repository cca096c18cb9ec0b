MODEL (
  name intermediate.int_directory__clinic,
  kind VIEW,
  owner data_engineering,
  grain clinic_id,
  tags (
    'layer=intermediate'
  ),
  description 'One row per clinic, as last told by the source. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  clinic_id::BIGINT AS clinic_id, /* Clinic, natural key */
  account_id::BIGINT AS account_id, /* Account that runs the clinic */
  clinic_code::VARCHAR AS clinic_code, /* Code by which people call the clinic */
  clinic_name::VARCHAR AS clinic_name, /* Name of the clinic */
  region_code::VARCHAR AS region_code, /* Sales region */
  time_zone::VARCHAR AS time_zone, /* IANA time zone */
  city::VARCHAR AS city, /* City of the clinic */
  state_code::VARCHAR AS state_code, /* State or province */
  country::VARCHAR AS country, /* ISO 3166 country */
  opened_on::DATE AS opened_on, /* First day of business, local */
  closed_on::DATE AS closed_on, /* Day from which the clinic is closed for good, local */
  created_at::TIMESTAMP AS created_at, /* When the row was made, UTC */
  changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_directory__clinic_change, clinic_id)
)
