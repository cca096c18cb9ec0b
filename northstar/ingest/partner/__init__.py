"""Partner CSV feeds on S3: payer remittances, patient-satisfaction surveys, referral leads."""

from northstar.ingest.partner.source import PartnerSource, from_environment

__all__ = ["PartnerSource", "from_environment"]
