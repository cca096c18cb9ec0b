MODEL (
  name core.dim_provider,
  kind VIEW,
  owner analytics_engineering,
  grains (provider_version_key, (provider_id, valid_from)),
  tags ('layer=core', 'zone=restricted'),
  audits (
    unique_values(columns := provider_version_key),
    not_null(columns := (provider_version_key, provider_id, valid_from, valid_to, is_current)),
    history_is_seamless(key := provider_id)
  ),
  description 'One row per version of a provider; specialty, credential and home clinic have history.
Use it for: attributes of a provider as of a visit (macro as_of). Not for: counting providers without is_current.
A provider whose changes are all in quarantine has one version, named Unknown, so that its visits are not lost.'
);

SELECT
  @version_key(version.provider_id, version.valid_from)::BIGINT AS provider_version_key, /* Version, surrogate key */
  version.provider_id::BIGINT AS provider_id, /* Provider, natural key; -1 for the unknown member, as others of whom all is in quarantine */
  version.valid_from::TIMESTAMP AS valid_from, /* First instant of the version, UTC; 1900-01-01 for the first known */
  version.valid_to::TIMESTAMP AS valid_to, /* End, exclusive, UTC; 9999-12-31 while open */
  (
    version.valid_to = '9999-12-31'::TIMESTAMP
  )::BOOLEAN AS is_current, /* Whether the version is open */
  (
    version.valid_from = '1900-01-01'::TIMESTAMP
  )::BOOLEAN AS is_first_known, /* Whether the version is open to the past because nothing earlier is known */
  version.account_id::BIGINT AS account_id, /* Account that employs the provider */
  version.home_clinic_id::BIGINT AS home_clinic_id, /* Clinic that the provider mostly works at */
  version.npi::VARCHAR AS npi, /* National Provider Identifier, public */
  version.provider_name::VARCHAR AS provider_name, /* Name of the provider, a professional, not a patient */
  version.specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code */
  version.credential::VARCHAR AS credential, /* MD, DO, NP, PA ... */
  version.hired_on::DATE AS hired_on, /* First day of work */
  version.terminated_on::DATE AS terminated_on, /* Day from which the provider no longer works there */
  specialty.specialty_name::VARCHAR AS specialty_name, /* Name of the specialty */
  specialty.specialty_group::VARCHAR AS specialty_group, /* Group of specialties */
  version.is_deleted::BOOLEAN AS is_deleted /* Whether the source had deleted it by then */
FROM intermediate.int_directory__provider_version AS version
LEFT JOIN intermediate.int_directory__specialty AS specialty
  USING (specialty_code)
UNION ALL
SELECT
  @version_key(unknown.provider_id, '1900-01-01'::TIMESTAMP)::BIGINT,
  unknown.provider_id::BIGINT,
  '1900-01-01'::TIMESTAMP,
  '9999-12-31'::TIMESTAMP,
  TRUE,
  TRUE,
  NULL::BIGINT,
  NULL::BIGINT,
  NULL::VARCHAR,
  'Unknown'::VARCHAR,
  NULL::VARCHAR,
  NULL::VARCHAR,
  NULL::DATE,
  NULL::DATE,
  NULL::VARCHAR,
  NULL::VARCHAR,
  FALSE
FROM (
  @unknown_members(intermediate.int_directory__provider_change, provider_id, intermediate.int_directory__provider_version)
) AS unknown
