"""Salesforce, read by its REST and Bulk APIs."""

from northstar.ingest.salesforce.settings import Settings
from northstar.ingest.salesforce.source import SalesforceSource, from_environment

__all__ = ["SalesforceSource", "Settings", "from_environment"]
