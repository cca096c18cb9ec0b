MODEL (
  name staging.stg_partner__referral_lead,
  kind VIEW,
  cron '@daily',
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=partner', 'phi=none'),
  description 'One row per record of a partner''s file with organisations that may buy, stated or withdrawn.
The contact and the notes stay in raw. Use it for: the audited batch. Not for: analysis; it holds every version of every file, also faulty rows.'
);

SELECT
  _op::VARCHAR AS operation, /* I stated, D withdrawn */
  _seq::BIGINT AS commit_lsn, /* Place in the order in which the files were read */
  0::BIGINT AS commit_seq, /* Always 0: the place alone is the order */
  _commit_ts::TIMESTAMP AS committed_at, /* When the file was last written, UTC */
  _sha256::VARCHAR AS file_sha256, /* Hash of the file's content */
  _row::BIGINT AS record_number, /* Number of the record in the file */
  NULLIF(TRIM(partner_code), '')::VARCHAR AS partner_code, /* Partner who refers */
  NULLIF(TRIM(lead_reference), '')::VARCHAR AS lead_reference, /* Number that the partner gave the lead */
  @read_as(instant, referred_at)::TIMESTAMP AS referred_at, /* When the partner referred it, UTC */
  NULLIF(TRIM(organization_name), '')::VARCHAR AS organization_name, /* Organisation that may buy */
  UPPER(NULLIF(TRIM(country), ''))::VARCHAR AS country, /* ISO 3166 country */
  NULLIF(TRIM(segment), '')::VARCHAR AS segment, /* smb, mid_market or enterprise, as the partner sees it */
  @read_as(whole, clinic_count)::BIGINT AS clinic_count, /* Clinics of the organisation */
  @read_as(whole, provider_count)::BIGINT AS provider_count, /* Providers of the organisation */
  UPPER(NULLIF(TRIM(currency), ''))::VARCHAR AS currency, /* ISO 4217 currency of the fee */
  @read_as(amount, referral_fee)::DECIMAL(18, 4) AS referral_fee, /* What the partner asks for the referral, major units */
  @unreadable(whole := (clinic_count, provider_count), instant := referred_at, amount := referral_fee)::VARCHAR AS unreadable_column, /* First column that holds something else than its kind of value */
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_partner.referral_lead
