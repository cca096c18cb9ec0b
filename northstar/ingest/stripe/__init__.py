"""Stripe: what the account billed, collected, refunded and paid out."""

from northstar.ingest.stripe.source import StripeSource, from_environment

__all__ = ["StripeSource", "from_environment"]
