MODEL (
  name intermediate.int_directory__clinic_version,
  kind VIEW,
  owner data_engineering,
  grain (clinic_id, valid_from),
  tags ('layer=intermediate', 'history=scd2'),
  description 'One row per version of a clinic: half-open [valid_from, valid_to), no gap, no overlap, exactly one open.
Use it for: the dimension. Not for: counting; a key has as many rows as it has versions.'
);

SELECT
  clinic_id::BIGINT AS clinic_id, /* Clinic, natural key */
  valid_from::TIMESTAMP AS valid_from, /* First instant of the version, UTC; 1900-01-01 for the first known */
  valid_to::TIMESTAMP AS valid_to, /* End, exclusive, UTC; 9999-12-31 while open */
  account_id::BIGINT AS account_id, /* Account that runs the clinic */
  clinic_code::VARCHAR AS clinic_code, /* Code by which people call the clinic */
  clinic_name::VARCHAR AS clinic_name, /* Name of the clinic */
  region_code::VARCHAR AS region_code, /* Sales region */
  city::VARCHAR AS city, /* City of the clinic */
  state_code::VARCHAR AS state_code, /* State or province */
  country::VARCHAR AS country, /* ISO 3166 country */
  opened_on::DATE AS opened_on, /* First day of business, local */
  closed_on::DATE AS closed_on, /* Day from which the clinic is closed for good, local */
  is_deleted::BOOLEAN AS is_deleted, /* Whether the source had deleted it by then */
  version_no::INT AS version_no, /* 1 for the first change known of the key */
  commit_lsn::BIGINT AS commit_lsn /* Transaction that opened the version */
FROM (
  @versions(
    intermediate.int_directory__clinic_change,
    clinic_id,
    (account_id, clinic_code, clinic_name, region_code, city, state_code, country, opened_on, closed_on)
  )
)
