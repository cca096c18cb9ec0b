"""The checks that need no data: lint with the PHI firewall, unit tests; and the audits of what the preview built."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.audit import Audit
from sqlmesh.utils.errors import SQLMeshError

from northstar.gate.findings import Check
from northstar.gate.preview import Preview
from northstar.warehouse import model_name

_LINES_SHOWN = 12
"""Lines of a failed unit test before the rest is left to `sqlmesh test`."""


def lint(context: Context) -> Check:
    """SQLMesh's linter over all models, with the house rules."""
    started = time.monotonic()
    violations = [found for found in context.lint_models(raise_on_error=False) if found.violation_type == "error"]
    return Check(
        "lint",
        not violations,
        f"{len(context.models)} models",
        [f"{model_name(found.model.fqn)}: {found.rule.name}: {found.violation_msg}" for found in violations],
        time.monotonic() - started,
    )


def unit_tests(context: Context) -> Check:
    """SQLMesh's unit tests of models; they use made-up rows only, so that a failure may be shown."""
    started = time.monotonic()
    result = context.test(stream=io.StringIO())
    failed = [
        f"{getattr(test, 'test_name', test)}{_where(context, test)}: {_squeezed(reason)}"
        for test, reason in [*result.failures, *result.errors]
    ]
    return Check("unit tests", not failed, f"{result.testsRun} tests", failed, time.monotonic() - started)


def _where(context: Context, test: object) -> str:
    path = getattr(test, "path", None)
    return f" ({path.relative_to(context.path)})" if path and path.is_relative_to(context.path) else ""


def _squeezed(reason: str) -> str:
    """What differed, without blank lines and without the end of a long table."""
    lines = [line.rstrip() for line in reason.removeprefix("AssertionError: ").splitlines() if line.strip()]
    return "\n".join([*lines[:_LINES_SHOWN], *(["..."] if len(lines) > _LINES_SHOWN else [])])


def audits(context: Context, preview: Preview) -> Check:
    """Every audit of every affected model, over the dates that were built, whatever the plan did.

    A plan whose only change is an audit forgets on a second try that it failed on the first; this does not.
    """
    started = time.monotonic()
    ran, problems = 0, []
    start = preview.start or datetime(1970, 1, 1, tzinfo=UTC)
    for snapshot in sorted(preview.affected, key=lambda snapshot: snapshot.name):
        if not snapshot.is_model or snapshot.is_external:
            continue
        try:
            results = context.snapshot_evaluator.audit(
                snapshot,
                snapshots=context.snapshots,
                start=start,
                end=preview.plan.end,
                execution_time=preview.plan.execution_time,
                deployability_index=preview.tables,
            )
        except SQLMeshError as error:
            problems.append(f"{model_name(snapshot.name)}: an audit could not run: {str(error).splitlines()[0]}")
            continue
        ran += sum(not result.skipped for result in results)
        # Of a preview that prod will not show SQLMesh makes every audit a warning; the gate has built it in full.
        blocks = [_blocks(audit, arguments) for audit, arguments in snapshot.node.audits_with_args]
        problems += [
            f"{model_name(snapshot.name)}: {result.audit.name}: {result.count} rows"
            for result, blocking in zip(results, blocks, strict=True)
            if result.count and blocking
        ]
    return Check("audits", not problems, f"{ran} audits", problems, time.monotonic() - started)


def _blocks(audit: Audit, arguments: Mapping[str, exp.Expr]) -> bool:
    """Whether an audit was written to block: as the model says, or else the audit itself."""
    told = arguments.get("blocking")
    return bool(told == exp.true()) if told is not None else bool(audit.blocking)
