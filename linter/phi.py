"""The PHI firewall (northstar/phi): no path leads from a patient's data in raw to where it may not be."""

from pathlib import Path

from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import Model

from northstar.contracts import ContractError
from northstar.phi.firewall import firewall_of


class _PhiRule(Rule):
    """A kind of problem that the firewall finds."""

    def check_model(self, model: Model) -> RuleViolation | list[RuleViolation] | None:
        """Report the model's problems of this kind."""
        try:
            firewall = firewall_of(self.context.models, Path(self.context.path), self.context.cache_dir)
        except ContractError as error:
            return self.violation(str(error))
        return [self.violation(problem.message) for problem in firewall.problems(model) if problem.rule == self.name]


class ColumnsAreClassed(_PhiRule):
    """Models read only columns that a contract classes."""


class LineageIsResolved(_PhiRule):
    """Every column can be followed to where it comes from."""


class NoPhiLeak(_PhiRule):
    """What identifies a patient stops where its zone ends, or passes an approved transform."""


class NoFilterByIdentifier(_PhiRule):
    """Rows are not chosen, joined or grouped by what identifies a patient."""
