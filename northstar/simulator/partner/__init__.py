"""The partners of the simulated company, and the S3 bucket that they put files into."""

from northstar.simulator.partner.bucket import Fault, FaultyServer, PartnerBucket
from northstar.simulator.partner.world import PartnerWorld

__all__ = ["Fault", "FaultyServer", "PartnerBucket", "PartnerWorld"]
