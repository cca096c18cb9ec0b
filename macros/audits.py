"""What audits ask that SQL alone cannot say over a list of columns."""

from sqlglot import exp
from sqlmesh import macro
from sqlmesh.core.macros import MacroEvaluator

_FORGOTTEN = "-2"
"""Stands for all patients whom the warehouse was told to forget: a member of core.dim_patient, and of nothing below."""


@macro()
def refers_to_nothing(evaluator: MacroEvaluator, references: exp.Expression) -> exp.Expression:
    """Whether any of a row's references is to a row that is not there.

    Each is written ``column = schema.parent``, or ``column = schema.parent.key`` where the parent calls it otherwise.
    One query for all of them: an audit costs a tick more for being rendered than for being run.
    """
    return exp.paren(exp.or_(*(_is_orphan(one) for one in references.flatten())), copy=False)


def _is_orphan(reference: exp.Expression) -> exp.Expression:
    column, parent = reference.left, reference.right
    if parent.args.get("db"):
        table, key = exp.table_(parent.args["table"].copy(), parent.args["db"].copy()), exp.column(parent.this.copy())
    else:
        table, key = exp.table_(parent.this.copy(), parent.args["table"].copy()), exp.column(column.this.copy())
    known = exp.select(key).from_(table).where(key.is_(exp.null()).not_())  # one NULL, and NOT IN is never true
    return exp.and_(
        column.is_(exp.null()).not_(), exp.cast(column.copy(), "TEXT").neq(_FORGOTTEN), column.isin(query=known).not_()
    )
