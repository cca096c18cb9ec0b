"""What each source's objects and columns are: one classification that everything else is derived from (design 4.5)."""

from pathlib import Path

from northstar.contracts.classes import Classification
from northstar.contracts.loader import ContractError, load_contracts
from northstar.contracts.model import Contracts, ObjectContract

CONTRACTS = Path("contracts/sources")
"""Where contracts are, under the project's root."""

__all__ = ["CONTRACTS", "Classification", "ContractError", "Contracts", "ObjectContract", "load_contracts"]
