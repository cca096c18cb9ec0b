MODEL (
  name intermediate.int_partner__referral_lead,
  kind INCREMENTAL_BY_UNIQUE_KEY (
    unique_key (partner_code, lead_reference)
  ),
  owner data_engineering,
  grain (partner_code, lead_reference),
  tags (
    'layer=intermediate'
  ),
  audits (
    unique_combination_of_columns(columns := (partner_code, lead_reference)),
    not_null(columns := (partner_code, lead_reference, referred_at))
  ),
  description 'One row per lead that a partner has referred, as last stated in a file that stands; withdrawn ones stay, flagged.
Use it for: core.fct_referral_lead. Not for: what earlier files said.
Recomputed for those that a file has stated or withdrawn: the cost is a look-up of their keys in the log.'
);

WITH touched AS (
  SELECT DISTINCT
    partner_code,
    lead_reference
  FROM intermediate.int_partner__referral_lead_change
  WHERE
    loaded_at BETWEEN @start_ts AND @end_ts
)
SELECT
  partner_code::VARCHAR AS partner_code, /* Partner who refers */
  lead_reference::VARCHAR AS lead_reference, /* Number that the partner gave the lead */
  referred_at::TIMESTAMP AS referred_at, /* When the partner referred it, UTC */
  organization_name::VARCHAR AS organization_name, /* Organisation that may buy */
  country::VARCHAR AS country, /* ISO 3166 country */
  segment::VARCHAR AS segment, /* smb, mid_market or enterprise, as the partner sees it */
  clinic_count::BIGINT AS clinic_count, /* Clinics of the organisation */
  provider_count::BIGINT AS provider_count, /* Providers of the organisation */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the fee */
  referral_fee_minor::BIGINT AS referral_fee_minor, /* What the partner asks for the referral, minor units */
  committed_at::TIMESTAMP AS stated_at, /* When the file that states it was last written, UTC */
  is_deleted::BOOLEAN AS is_deleted /* Whether every file that stated it is withdrawn */
FROM (
  @latest_statement(intermediate.int_partner__referral_lead_change, (partner_code, lead_reference), touched)
)
