"""Salesforce, read by its REST and Bulk APIs."""

from northstar.ingest.salesforce.source import SalesforceSource, Settings, from_environment

__all__ = ["SalesforceSource", "Settings", "from_environment"]
