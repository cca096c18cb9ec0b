"""The app's database: schema, seed data, and the life that goes on in it."""

from northstar.simulator.oltp.activity import advance
from northstar.simulator.oltp.schema import create_schema
from northstar.simulator.oltp.seed import seed

__all__ = ["advance", "create_schema", "seed"]
