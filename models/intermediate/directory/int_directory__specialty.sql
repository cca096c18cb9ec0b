MODEL (
  name intermediate.int_directory__specialty,
  kind VIEW,
  owner data_engineering,
  grain specialty_code,
  tags (
    'layer=intermediate'
  ),
  description 'One row per specialty, as last told by the source. A view: the log behind it is small.
Use it for: the present state. Not for: the state at an earlier time.'
);

SELECT
  specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code, natural key */
  specialty_name::VARCHAR AS specialty_name, /* Name of the specialty */
  specialty_group::VARCHAR AS specialty_group, /* Group of specialties */
  is_deleted::BOOLEAN AS is_deleted /* Whether it was deleted at the source */
FROM (
  @latest_image(intermediate.int_directory__specialty_change, specialty_code)
)
