"""The ``northstar`` command."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from sqlmesh import Context as SQLMeshContext
from sqlmesh.core.console import NoopConsole, set_console

from northstar import engine, secret_store, stopping
from northstar.bus_matrix import PAGE, rewrite
from northstar.clock import next_boundary, parse_boundary, utc_now
from northstar.commands.access import access
from northstar.commands.backfill import backfill_command
from northstar.commands.contracts import contracts, scaffold_command
from northstar.commands.cost import cost
from northstar.commands.infra import infra
from northstar.commands.migrate import migration
from northstar.commands.patients import forget_command, keys
from northstar.commands.reload import reload_command
from northstar.commands.schedule import schedule_command
from northstar.commands.status import status_command
from northstar.commands.tick import AtOption, SourceOption, tick_command
from northstar.console import ExitCode, clear_errors, terminal
from northstar.deployment import is_first, prepare_warehouse
from northstar.environments import environment_states, remove_expired
from northstar.gate.report import markdown, print_report
from northstar.gate.run import DAYS, run_gate
from northstar.ingest import opening
from northstar.ingest.landing import LandingZone
from northstar.ingest.registry import SOURCES, chosen
from northstar.ingest.runner import IngestReport
from northstar.ingest.state import source_state
from northstar.ingest.together import Outcome, ingest_together
from northstar.lock import lock_of, writer_lock
from northstar.metrics import load_metrics
from northstar.promotion.guard import PROD
from northstar.promotion.promote import promote
from northstar.settings import Settings
from northstar.site.build import site_data, write_site
from northstar.table_size import in_words
from northstar.tables import print_table

app = typer.Typer(
    help="Northstar Health's warehouse: land the sources, run the models.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _with_secrets() -> None:
    """Northstar Health's warehouse: land the sources, run the models."""
    with clear_errors():
        secret_store.resolve(os.environ)


@app.command("exec", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def exec_command(context: typer.Context) -> None:
    """Run another command with the secrets of NORTHSTAR_SECRETS, such as `northstar exec sqlmesh plan dev`."""
    if not context.args:
        raise typer.BadParameter("name the command to run")
    try:
        os.execvp(context.args[0], context.args)
    except FileNotFoundError as error:
        raise typer.BadParameter(f"there is no command {context.args[0]!r}") from error


@app.command("ingest")
def ingest_command(source: SourceOption = None, at: AtOption = None) -> None:
    """Land and load what the sources have, without running models or sealing.

    Rows belong to the interval that is open now, or to the one that ends at --at.
    """
    settings = Settings.from_environment()
    with clear_errors():
        boundary = parse_boundary(at) if at else next_boundary(utc_now())
        names = chosen(source, settings.environment)
        with (
            stopping.on_signal(),
            writer_lock(lock_of(settings), "northstar ingest") as lease,
            terminal.status("reading ...") as status,
        ):
            landing = LandingZone(settings.landing)
            sink = opening.sink_over(opening.connect(settings), settings, landing)
            waiting = set(names)

            def progress(name: str, _: IngestReport | str) -> None:
                waiting.discard(name)
                status.update(f"reading {', '.join(sorted(waiting))} ...")

            try:
                outcome = ingest_together(
                    names, settings.environment, sink, landing, boundary, False, progress, lease.check
                )
            finally:
                sink.close()
    _print_outcome(names, outcome)
    raise typer.Exit(ExitCode.SOURCE_FAILED if outcome.errors else ExitCode.OK)


def _print_outcome(names: Sequence[str], outcome: Outcome) -> None:
    table = Table("source", "rows", "tables", "seconds", "result")
    for column in table.columns[1:4]:
        column.justify = "right"
    for name in names:
        if name in outcome.errors:
            table.add_row(name, "", "", "", f"[red]{escape(outcome.errors[name])}[/]")
            continue
        report = outcome.reports[name]
        table.add_row(name, f"{report.rows:,}", f"{len(report.objects):,}", f"{report.seconds:.1f}", "[green]ok[/]")
        for notice in report.notices:
            terminal.print(f"{name}: {notice.object}: {notice.detail}", highlight=False, markup=False)
    terminal.print(table)


@app.command("sources")
def sources_command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a source, for machines.")] = False,
) -> None:
    """Show each source: how far it was read, through when it is sealed, its lag, and its last error."""
    settings = Settings.from_environment()
    with clear_errors():
        connection = opening.connect(settings)
        try:
            states = [source_state(connection, name, settings.environment, utc_now()) for name in SOURCES]
        finally:
            connection.close()
    if as_json:
        for state in states:
            sys.stdout.write(json.dumps(state.as_line()) + "\n")
        return
    table = Table("source", "sealed through", "lag", "read up to", "last error", title="sources, times in UTC")
    table.add_column("cursor", no_wrap=True, overflow="ellipsis", max_width=24)
    for state in states:
        table.add_row(*(escape(text) for text in state.as_row()))
    Console().print(table)


@app.command("metrics")
def metrics_command(
    name: Annotated[str | None, typer.Argument(help="A metric's name or synonym; all when left out.")] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Break the query down by this column; repeatable.")
    ] = None,
) -> None:
    """List the metrics, or say what one means and print the SQL that computes it."""
    with clear_errors():
        metrics = load_metrics(Settings.from_environment().project)
        if name is None:
            table = Table(Column("metric", no_wrap=True), "what", "unit", Column("mart", overflow="fold"))
            for metric in metrics.values():
                table.add_row(metric.name, metric.title, metric.unit, metric.mart)
            Console().print(table)
            return
        found = [metric for metric in metrics.values() if name in (metric.name, *metric.synonyms)]
        if not found:
            raise ValueError(f"there is no metric {name}; `northstar metrics` lists them")
        metric = found[0]
        terminal.print(f"{metric.title}: {metric.description}", highlight=False, markup=False)
        sys.stdout.write(metric.query(by or ()) + "\n")


WaitOption = Annotated[
    int, typer.Option("--wait", min=0, metavar="MINUTES", help="Wait for whoever writes, such as a tick, this long.")
]


@contextmanager
def _project(purpose: str, wait: int, deploys: bool = False) -> Iterator[SQLMeshContext]:
    """The SQLMesh project under the writer lock, for whose holder it waits some minutes; quiet.

    For what ``deploys``, an empty warehouse is made ready first.
    """
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)
    settings = Settings.from_environment()
    lock = writer_lock(lock_of(settings), purpose, wait_for="anyone" if wait else "nobody", patience=60 * wait)
    with clear_errors(), lock as lease, engine.checked(lease.check):
        engine.install()
        set_console(NoopConsole())
        context = SQLMeshContext(paths=str(settings.project))
        try:
            context.engine_adapter.fetchone("SELECT 1")  # SQLMesh attaches the warehouse at its first query
            if deploys and is_first(context.state_reader.get_environment(PROD)):
                prepare_warehouse(context, settings)
            yield context
        finally:
            context.close()


class ReportFormat(StrEnum):
    """How the gate's report is written."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"


@app.command("gate")
def gate_command(
    base: Annotated[str, typer.Option("--base", help="The environment to compare with.")] = "prod",
    environment: Annotated[str | None, typer.Option("--env", help="The environment to build, such as pr_42.")] = None,
    days: Annotated[int, typer.Option("--days", min=1, help="Days of history to build where tables allow it.")] = DAYS,
    report_format: Annotated[ReportFormat, typer.Option("--format")] = ReportFormat.TERMINAL,
    wait: WaitOption = 0,
) -> None:
    """Prove the project as it stands: lint, unit tests, a preview with its audits, what differs, who reads it.

    Keeps a receipt, which `northstar promote` asks for.  Exits with 1 when a check failed.
    """
    with _project("northstar gate", wait, deploys=True) as context:
        report = run_gate(context, base, environment, days)
    match report_format:
        case ReportFormat.JSON:
            sys.stdout.write(json.dumps(report.as_dict()) + "\n")
        case ReportFormat.MARKDOWN:
            sys.stdout.write(markdown(report))
        case ReportFormat.TERMINAL:
            print_report(report, Console())
    raise typer.Exit(ExitCode.OK if report.passed else ExitCode.MODELS_FAILED)


@app.command("promote")
def promote_command(wait: WaitOption = 0) -> None:
    """Put into prod what the gate has passed; refuses anything else."""
    with _project("northstar promote", wait, deploys=True) as context:
        promotion = promote(context)
    what = "prod is now" if promotion.changed else "prod was already"
    terminal.print(f"{what} {promotion.digest}", highlight=False)


@app.command("envs")
def environments_command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line an environment, for machines.")] = False,
    remove: Annotated[str | None, typer.Option("--remove", help="Remove this environment now.")] = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove environments that have expired, and tables that nothing shows.")
    ] = False,
    wait: WaitOption = 0,
) -> None:
    """Show each virtual environment: owners, age, end, and what it does not share with prod."""
    with _project("northstar envs", wait) as context:
        if remove is not None:
            if remove == PROD:
                raise ValueError("prod is not removed")
            context.invalidate_environment(remove, sync=True, must_exist=True)
        if clean:
            remove_expired(context)
        states = environment_states(context)
    if as_json:
        for state in states:
            sys.stdout.write(json.dumps(state.as_line()) + "\n")
        return
    print_table(
        Console(),
        "",
        ("environment", "owners", "planned", "ends", "models", "its own", "rows of its own", "size"),
        [
            (
                state.name + ("" if state.finished else " (unfinished: plan it again)"),
                ", ".join(state.owners),
                f"{state.planned_at:%Y-%m-%d %H:%M}" if state.planned_at else "",
                f"{state.expires_at:%Y-%m-%d %H:%M}" if state.expires_at else "never",
                str(state.models),
                str(len(state.own_models)),
                f"{state.own_rows:,}",
                "" if state.own_bytes is None else in_words(state.own_bytes),
            )
            for state in states
        ],
    )


docs = typer.Typer(help="Documentation that is written from the models.", no_args_is_help=True)
app.add_typer(docs, name="docs")


@docs.command("bus-matrix")
def bus_matrix_command() -> None:
    """Write the bus matrix of facts and dimensions into docs/modeling.md."""
    logging.getLogger("sqlmesh").setLevel(logging.ERROR)
    project = Settings.from_environment().project
    with clear_errors():
        changed = rewrite(project, SQLMeshContext(paths=str(project)))
    terminal.print(f"{PAGE}: {'written' if changed else 'as it was'}", highlight=False)


@docs.command("build")
def docs_build_command(
    to: Annotated[Path, typer.Option("--to", help="The folder; an earlier site in it is replaced.")] = Path("var/site"),
    wait: WaitOption = 0,
) -> None:
    """Write the documentation site: models, lineage, metrics, readers, health and pictures, for any browser."""
    with _project("northstar docs build", wait) as context:
        data = site_data(context, Settings.from_environment().project, utc_now())
    with clear_errors():
        write_site(data, to)
    terminal.print(
        f"{to / 'index.html'}: {len(data['models'])} models, {len(data['pictures'])} pictures", highlight=False
    )


app.command("tick")(tick_command)
app.add_typer(contracts, name="contracts")
app.command("scaffold")(scaffold_command)
app.add_typer(access, name="access")
app.add_typer(infra, name="infra")
app.add_typer(cost, name="cost")
app.add_typer(migration, name="migrate")
app.add_typer(keys, name="keys")
app.command("forget")(forget_command)
app.command("status")(status_command)
app.command("schedule")(schedule_command)
app.command("backfill")(backfill_command)
app.command("reload")(reload_command)
