MODEL (
  name core.fct_referral_lead,
  kind VIEW,
  owner analytics_engineering,
  grain (partner_code, lead_reference),
  references (
    currency
  ),
  tags ('layer=core', 'fact=transaction', 'flow=sparse'),
  depends_on (
    core.dim_currency
  ),
  audits (
    unique_combination_of_columns(columns := (partner_code, lead_reference)),
    not_null(columns := (partner_code, lead_reference, referred_at)),
    referential_integrity(references := (
      currency = core.dim_currency
    )),
    null_share(columns := currency, max_share := 0.8, blocking := FALSE)
  ),
  description 'One row per lead that a partner referred, from partners'' files. A transaction fact.
Use it for: referrals and their fees by partner. Not for: leads that sales works (fct_lead); partners'' numbers are not in Salesforce.
Leads withdrawn by a later version of their file are left out. A view over audited state.'
);

SELECT
  partner_code::VARCHAR AS partner_code, /* Partner who refers */
  lead_reference::VARCHAR AS lead_reference, /* Number that the partner gave the lead */
  currency::VARCHAR AS currency, /* ISO 4217 currency of the fee, NULL when there is none */
  referred_at::TIMESTAMP AS referred_at, /* When the partner referred it, UTC */
  organization_name::VARCHAR AS organization_name, /* Organisation that may buy */
  country::VARCHAR AS country, /* ISO 3166 country */
  segment::VARCHAR AS segment, /* smb, mid_market or enterprise, as the partner sees it */
  clinic_count::BIGINT AS clinic_count, /* Clinics of the organisation */
  provider_count::BIGINT AS provider_count, /* Providers of the organisation */
  referral_fee_minor::BIGINT AS referral_fee_minor, /* What the partner asks for the referral, minor units */
  stated_at::TIMESTAMP AS changed_at /* When the file that states it was last written, UTC */
FROM intermediate.int_partner__referral_lead
WHERE
  NOT is_deleted
