"""The gate from beginning to end."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

from sqlmesh import Context
from sqlmesh.core.model import Model
from sqlmesh.core.snapshot import Snapshot

from northstar.clock import to_naive_utc, utc_now
from northstar.exposures import Exposures, load_exposures
from northstar.gate import checks, compare, impact
from northstar.gate.findings import Check, GateReport
from northstar.gate.preview import build, build_first, changes
from northstar.gate.published import broken_promises
from northstar.metrics import load_metrics
from northstar.promotion.guard import PROD
from northstar.promotion.ledger import Ledger, Receipt, digest, digest_of_environment
from northstar.warehouse import WarehouseError, model_name

DAYS = 14
"""Days of history that a preview builds when every affected table is cut by time."""

_LOADED = ("models/", "external_models", "macros/", "audits/", "signals/", "linter/", "seeds/", "contracts/", "tests/")
"""Where a file that was never added to git is part of the project all the same."""


def run_gate(context: Context, base: str = "prod", environment: str | None = None, days: int = DAYS) -> GateReport:
    """Prove the project as it stands against an environment, and keep a receipt of what was found.

    A check that fails stops those that build upon it.  Without a prod the receipt is one for its first deployment.
    Raises WarehouseError when there is no such base.
    """
    base_digest = digest_of_environment(context, base)
    if base_digest is None and base != PROD:
        raise WarehouseError(f"there is no environment {base} to compare with; `northstar envs` lists what there is")
    this = digest(context.snapshots)
    environment = environment or f"gate_{this[:8]}"
    report = GateReport(environment, base, commit_of(context.path), this, base_digest, "")
    _prove(context, report, days)
    Ledger(context.engine_adapter).keep(
        Receipt(
            this, base_digest, report.commit_id, report.passed, to_naive_utc(utc_now()), environment, report.as_dict()
        )
    )
    return report


def _prove(context: Context, report: GateReport, days: int) -> None:
    before = models_of(context, report.base)
    exposures = load_exposures(context.path)
    report.checks += [checks.lint(context), checks.unit_tests(context)]
    report.checks.append(_promises(before, context, exposures, utc_now().date()))
    if not report.passed:
        return
    if report.digest == report.base_digest:
        report.checks.append(Check("preview", True, f"nothing differs from {report.base}"))
        return
    if report.base_digest is None:
        report.checks.append(build_first(context, report.environment))
        return
    preview = build(context, report.environment, report.base, days)
    report.checks.append(preview.check)
    report.window, report.costs = preview.window, preview.costs
    report.changes = changes(context, preview.plan)
    directly = {snapshot_id.name for snapshot_id in preview.plan.directly_modified}
    directly |= {snapshot_id.name for snapshot_id in preview.plan.context_diff.added}
    directly |= {snapshot_id.name for snapshot_id in preview.plan.context_diff.removed_snapshots}
    reached = impact.changed_columns(context, before, directly)
    report.changed_columns = {model_name(fqn): sorted(columns) for fqn, columns in sorted(reached.items())}
    report.readers = impact.readers(exposures, reached)
    if not report.passed:
        return
    report.checks.append(checks.audits(context, preview))
    report.diffs = compare.diffs(context, preview, report.environment, report.base)
    for reader in report.readers:
        reader.differing = impact.differing(reader, report.diffs)
    metrics = load_metrics(context.path).values()
    if left_out := compare.uncompared(metrics, preview):
        report.notes.append(
            f"Metrics of affected marts ({', '.join(left_out)}) were not compared, as a figure over {preview.window} "
            "says little beside one over all; --days with more days than there are compares them"
        )
        return
    report.metrics = compare.metric_diffs(context, metrics, preview, report.environment, report.base)


def _promises(before: dict[str, Model], context: Context, exposures: Exposures, today: date) -> Check:
    problems = broken_promises(before, dict(context.models), exposures, today)
    return Check("published marts", not problems, "no column that something reads is gone", problems)


def models_of(context: Context, environment: str) -> dict[str, Model]:
    """The models that an environment holds, by fully qualified name."""
    held = context.state_reader.get_environment(environment)
    if held is None:
        return {}
    snapshots = context.state_reader.get_snapshots(held.snapshots).values()
    return {
        snapshot.name: snapshot.model for snapshot in snapshots if isinstance(snapshot, Snapshot) and snapshot.is_model
    }


def commit_of(project: Path) -> str | None:
    """The commit that the project's files are; None outside a checkout, or when files differ from their commit."""

    def git(*arguments: str) -> str | None:
        done = subprocess.run(["git", "-C", str(project), *arguments], capture_output=True, text=True, check=False)
        return done.stdout.rstrip() if done.returncode == 0 else None

    state = git("status", "--porcelain", "--untracked-files=all")
    if state is None or any(not line.startswith("??") or line[3:].startswith(_LOADED) for line in state.splitlines()):
        return None
    return git("rev-parse", "HEAD")
