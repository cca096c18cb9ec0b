"""What each source's objects and columns are: one classification that everything else is derived from (design 4.5)."""

from northstar.contracts.classes import Classification
from northstar.contracts.loader import ContractError, load_contracts
from northstar.contracts.model import Contracts, ObjectContract

__all__ = ["Classification", "ContractError", "Contracts", "ObjectContract", "load_contracts"]
