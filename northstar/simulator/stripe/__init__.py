"""A simulated Stripe account: its objects, its life, and a server that speaks Stripe's protocol."""

from northstar.simulator.stripe.server import StripeServer
from northstar.simulator.stripe.store import Store
from northstar.simulator.stripe.world import StripeWorld

__all__ = ["Store", "StripeServer", "StripeWorld"]
