MODEL (
  name core.dim_clinic,
  kind VIEW,
  owner analytics_engineering,
  grains (clinic_version_key, (clinic_id, valid_from)),
  tags ('layer=core', 'zone=restricted'),
  audits (
    unique_values(columns := clinic_version_key),
    not_null(columns := (clinic_version_key, clinic_id, valid_from, valid_to, is_current)),
    history_is_seamless(key := clinic_id)
  ),
  description 'One row per version of a clinic; region, name, address and opening days have history, the time zone has none: it is
corrected in place, as it is a fact about the place. Use it for: attributes of a clinic as of a time. Not for: counting clinics
without is_current. A clinic whose changes are all in quarantine has one version, named Unknown; its visits wait for its time zone.'
);

SELECT
  @version_key(version.clinic_id, version.valid_from)::BIGINT AS clinic_version_key, /* Version, surrogate key */
  version.clinic_id::BIGINT AS clinic_id, /* Clinic, natural key; -1 for the unknown member, as others of whom all is in quarantine */
  version.valid_from::TIMESTAMP AS valid_from, /* First instant of the version, UTC; 1900-01-01 for the first known */
  version.valid_to::TIMESTAMP AS valid_to, /* End, exclusive, UTC; 9999-12-31 while open */
  (
    version.valid_to = '9999-12-31'::TIMESTAMP
  )::BOOLEAN AS is_current, /* Whether the version is open */
  (
    version.valid_from = '1900-01-01'::TIMESTAMP
  )::BOOLEAN AS is_first_known, /* Whether the version is open to the past because nothing earlier is known */
  version.account_id::BIGINT AS account_id, /* Account that runs the clinic */
  version.clinic_code::VARCHAR AS clinic_code, /* Code by which people call the clinic */
  version.clinic_name::VARCHAR AS clinic_name, /* Name of the clinic */
  version.region_code::VARCHAR AS region_code, /* Sales region */
  version.city::VARCHAR AS city, /* City of the clinic */
  version.state_code::VARCHAR AS state_code, /* State or province */
  version.country::VARCHAR AS country, /* ISO 3166 country */
  version.opened_on::DATE AS opened_on, /* First day of business, local */
  version.closed_on::DATE AS closed_on, /* Day from which the clinic is closed for good, local */
  clinic.time_zone::VARCHAR AS time_zone, /* IANA time zone, corrected in place */
  version.is_deleted::BOOLEAN AS is_deleted /* Whether the source had deleted it by then */
FROM intermediate.int_directory__clinic_version AS version
JOIN intermediate.int_directory__clinic AS clinic
  USING (clinic_id)
UNION ALL
SELECT
  @version_key(unknown.clinic_id, '1900-01-01'::TIMESTAMP)::BIGINT,
  unknown.clinic_id::BIGINT,
  '1900-01-01'::TIMESTAMP,
  '9999-12-31'::TIMESTAMP,
  TRUE,
  TRUE,
  NULL::BIGINT,
  NULL::VARCHAR,
  'Unknown'::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  NULL::DATE,
  NULL::DATE,
  'UTC'::VARCHAR,
  FALSE
FROM (
  @unknown_members(intermediate.int_directory__clinic_change, clinic_id, intermediate.int_directory__clinic)
) AS unknown
