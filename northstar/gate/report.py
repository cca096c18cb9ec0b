"""The gate's findings for people: in the terminal, and in Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console

from northstar.gate.findings import GateReport, MetricDiff, ModelCost, ModelDiff
from northstar.tables import print_table

_ROWS_SHOWN = 25
"""Rows of a table before the rest is counted only."""

_FIGURES_SHOWN = 3
"""Figures of one metric before the rest is counted only."""

Grid = tuple[str, Sequence[str], list[Sequence[str]]]
"""Title, header and rows."""


def grids(report: GateReport) -> list[Grid]:
    """The findings as tables; those without rows are left out."""
    found: list[Grid] = [
        (
            "checks",
            ("check", "result", "what", "s"),
            [
                (check.name, "passed" if check.passed else "FAILED", check.summary, f"{check.seconds:.1f}")
                for check in report.checks
            ],
        ),
        (
            "what changed",
            ("model", "change", "models below it"),
            [(change.model, change.kind, f"{change.reaches:,}") for change in report.changes],
        ),
        (
            "what is built",
            ("model", "change", "intervals", "rows", "s", "left for prod"),
            _cost_rows(report.costs),
        ),
        (
            "rows and columns",
            ("model", "rows before", "rows after", "gone", "new", "columns", "changed values"),
            [_diff_row(diff) for diff in report.diffs],
        ),
        (
            "metrics that move",
            ("metric", "of", "before", "after", "change"),
            _metric_rows(report.metrics),
        ),
        (
            "who reads what may change",
            ("kind", "name", "owner", "differs in the preview", "may differ"),
            [
                (
                    reader.kind.replace("_", " "),
                    reader.title,
                    reader.owner,
                    _by_mart(reader.differing),
                    _by_mart([column for column in reader.columns if column not in reader.differing]),
                )
                for reader in sorted(report.readers, key=lambda reader: not reader.differing)
            ],
        ),
    ]
    return [grid for grid in found if grid[2]]


def verdict(report: GateReport) -> str:
    """One line."""
    if not report.passed:
        return "The gate is closed: mend what failed and run it again."
    if report.commit_id is None:
        return "The gate is open, but files differ from their commit: commit, run the gate again, then promote."
    return "The gate is open: `northstar promote` puts this into prod."


def print_report(report: GateReport, console: Console) -> None:
    """Show the findings in a terminal."""
    console.print(f"{_heading(report)}\n", highlight=False, markup=False)
    for title, header, rows in grids(report):
        print_table(console, title, header, list(_cut(rows)), alarming="FAILED")
    for problem in _problems(report):
        console.print(problem, style="red", highlight=False, markup=False)
    console.print(verdict(report), style="bold", highlight=False, markup=False)


def markdown(report: GateReport) -> str:
    """The findings as a comment on a pull request."""
    lines = [f"### {verdict(report)}", "", _heading(report), ""]
    for title, header, rows in grids(report):
        lines += [f"**{title.capitalize()}**", "", _line(header), "|---" * len(header) + "|"]
        lines += [_line(row) for row in _cut(rows)]
        lines.append("")
    if problems := _problems(report):
        lines += ["**What failed**", "", *(_item(problem) for problem in problems), ""]
    return "\n".join(lines)


def _heading(report: GateReport) -> str:
    against = f"Project {report.digest} against {report.base}, in environment {report.environment}"
    window = f"; compared: {report.window}" if report.window else ""
    return " ".join([f"{against}{window}.", *(f"{note}." for note in report.notes)])


def _problems(report: GateReport) -> list[str]:
    return [f"{check.name}: {problem}" for check in report.checks for problem in check.problems]


def _item(problem: str) -> str:
    """A problem as an item of a list; what follows its first line as a block, as it may be a table."""
    first, *rest = problem.splitlines()
    return "\n".join([f"- {first}", *(["", "  ```", *(f"  {line}" for line in rest), "  ```"] if rest else [])])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _cut(rows: list[Sequence[str]]) -> Iterable[Sequence[str]]:
    yield from rows[:_ROWS_SHOWN]
    if len(rows) > _ROWS_SHOWN:
        yield (f"and {len(rows) - _ROWS_SHOWN} more", *[""] * (len(rows[0]) - 1))


def _diff_row(diff: ModelDiff) -> Sequence[str]:
    columns = [
        *(f"+{column}" for column in diff.added_columns),
        *(f"-{column}" for column in diff.removed_columns),
        *(f"{column} retyped" for column in diff.retyped_columns),
    ]
    shares = sorted(diff.changed_share.items(), key=lambda item: -item[1])
    return (
        diff.model,
        f"{diff.rows_before:,}",
        f"{diff.rows_after:,}",
        f"{diff.only_before:,}",
        f"{diff.only_after:,}",
        ", ".join(columns),
        ", ".join(f"{column} {share:.2%}" for column, share in shares),
    )


def _cost_rows(costs: Sequence[ModelCost]) -> list[Sequence[str]]:
    def left(intervals: int, seconds: float) -> str:
        return f"{intervals:,} intervals, about {seconds:.0f} s" if intervals else ""

    rows: list[Sequence[str]] = [
        (
            cost.model,
            cost.change,
            f"{cost.intervals:,}",
            f"{cost.rows:,}",
            f"{cost.seconds:.1f}",
            left(cost.prod_intervals, cost.prod_seconds),
        )
        for cost in sorted(costs, key=lambda cost: -cost.seconds)
    ]
    if len(costs) > 1:
        total = (
            f"{len(costs)} models",
            "",
            f"{sum(cost.intervals for cost in costs):,}",
            f"{sum(cost.rows for cost in costs):,}",
            f"{sum(cost.seconds for cost in costs):.1f}",
            left(sum(cost.prod_intervals for cost in costs), sum(cost.prod_seconds for cost in costs)),
        )
        rows.insert(0, total)
    return rows


def _by_mart(columns: Iterable[str]) -> str:
    """``mart_a: x, y; mart_b: z``."""
    found: dict[str, list[str]] = {}
    for name in columns:
        mart, column = name.rsplit(".", 1)
        found.setdefault(mart.split(".")[-1], []).append(column)
    return "; ".join(f"{mart}: {', '.join(names)}" for mart, names in found.items())


def _metric_rows(metrics: Sequence[MetricDiff]) -> list[Sequence[str]]:
    """Of each metric what moves most; a metric of a balance has a figure for each day."""
    by_name: dict[str, list[MetricDiff]] = {}
    for metric in metrics:
        by_name.setdefault(metric.metric, []).append(metric)
    rows: list[Sequence[str]] = []
    for name, found in by_name.items():
        found.sort(key=_move, reverse=True)
        rows += [_metric_row(metric) for metric in found[:_FIGURES_SHOWN]]
        if len(found) > _FIGURES_SHOWN:
            rows.append((name, f"and {len(found) - _FIGURES_SHOWN} more", "", "", ""))
    return rows


def _move(metric: MetricDiff) -> float:
    """By how much of itself a figure moves; one that comes or goes moves without bound."""
    if not metric.before or metric.after is None:
        return float("inf")
    return abs(metric.after / metric.before - 1)


def _metric_row(metric: MetricDiff) -> Sequence[str]:
    def show(figure: float | None) -> str:
        return "none" if figure is None else f"{figure:,.4g}" if abs(figure) < 1000 else f"{figure:,.2f}"

    change = ""
    if metric.before and metric.after is not None:
        change = f"{metric.after / metric.before - 1:+.2%}"
    return metric.metric, metric.by, show(metric.before), show(metric.after), change
