"""A Salesforce org that runs on this machine: the company's CRM behind Salesforce's REST and Bulk APIs."""

from northstar.simulator.salesforce.org import Org
from northstar.simulator.salesforce.schema import Field
from northstar.simulator.salesforce.server import SalesforceServer
from northstar.simulator.salesforce.world import SalesforceWorld

__all__ = ["Field", "Org", "SalesforceServer", "SalesforceWorld"]
