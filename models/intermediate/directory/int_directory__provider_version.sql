MODEL (
  name intermediate.int_directory__provider_version,
  kind VIEW,
  owner data_engineering,
  grain (provider_id, valid_from),
  tags ('layer=intermediate', 'history=scd2'),
  description 'One row per version of a provider: half-open [valid_from, valid_to), no gap, no overlap, exactly one open.
Use it for: the dimension. Not for: counting; a key has as many rows as it has versions.'
);

SELECT
  provider_id::BIGINT AS provider_id, /* Provider, natural key */
  valid_from::TIMESTAMP AS valid_from, /* First instant of the version, UTC; 1900-01-01 for the first known */
  valid_to::TIMESTAMP AS valid_to, /* End, exclusive, UTC; 9999-12-31 while open */
  account_id::BIGINT AS account_id, /* Account that employs the provider */
  home_clinic_id::BIGINT AS home_clinic_id, /* Clinic that the provider mostly works at */
  npi::VARCHAR AS npi, /* National Provider Identifier, public */
  provider_name::VARCHAR AS provider_name, /* Name of the provider, a professional, not a patient */
  specialty_code::VARCHAR AS specialty_code, /* NUCC taxonomy code */
  credential::VARCHAR AS credential, /* MD, DO, NP, PA ... */
  hired_on::DATE AS hired_on, /* First day of work */
  terminated_on::DATE AS terminated_on, /* Day from which the provider no longer works there */
  is_deleted::BOOLEAN AS is_deleted, /* Whether the source had deleted it by then */
  version_no::INT AS version_no, /* 1 for the first change known of the key */
  commit_lsn::BIGINT AS commit_lsn /* Transaction that opened the version */
FROM (
  @versions(
    intermediate.int_directory__provider_change,
    provider_id,
    (account_id, home_clinic_id, npi, provider_name, specialty_code, credential, hired_on, terminated_on)
  )
)
