"""``northstar forget`` and ``northstar keys``: what is done about patients, never naming one in what is printed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from northstar.access.account import load_account
from northstar.clock import utc_now
from northstar.console import clear_errors, terminal
from northstar.contracts import CONTRACTS, Contracts, load_contracts
from northstar.erasure.forget import Forgotten, forget, unfinished
from northstar.erasure.residue import residue
from northstar.lock import lock_of, writer_lock
from northstar.phi.firewall import firewall_of
from northstar.rekeying import rotate
from northstar.settings import Settings
from northstar.warehouse import Warehouse

keys = typer.Typer(help="The key of patients' pseudonyms.", no_args_is_help=True)


@contextmanager
def _locked(settings: Settings, purpose: str) -> Iterator[tuple[Warehouse, Contracts]]:
    with (
        clear_errors(),
        writer_lock(lock_of(settings), purpose, wait_for="who_gives_way") as lease,
        Warehouse(settings, lease.check) as warehouse,
    ):
        yield warehouse, load_contracts(settings.project / CONTRACTS)


@keys.command("rotate")
def rotate_command() -> None:
    """Make a new key and replace every pseudonym in all tables of all environments; joins keep working.

    One transaction: killed at any point, it leaves everything as it was.
    """
    with _locked(Settings.from_environment(), "northstar keys rotate") as (warehouse, contracts):
        done = rotate(warehouse.statements, contracts)
    terminal.print(
        f"{done.pseudonyms:,} pseudonyms are new, in {done.rows:,} rows of {done.tables} tables; {done.unlinked:,} of "
        "them stand for nobody whom raw still knows",
        highlight=False,
    )


def forget_command(
    patient: Annotated[int | None, typer.Argument(help="The app's number of the patient.", min=1)] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Finish runs that were killed, whoever they were for.")
    ] = False,
) -> None:
    """Forget a patient: in landing files, raw, and every table of every environment, and on arrival from now on.

    Prints what was done in numbers, and what still holds the patient and until when.
    """
    if (patient is None) == (not resume):
        raise typer.BadParameter("give the patient's number, or --resume")
    settings = Settings.from_environment()
    with _locked(settings, "northstar forget") as (warehouse, contracts):
        firewall = firewall_of(warehouse.context.models, settings.project, warehouse.context.cache_dir)
        wanted = [patient] if patient is not None else unfinished(warehouse.statements, contracts)
        for number in wanted:
            done = forget(
                warehouse.statements, warehouse.landing, contracts, firewall, warehouse.context.models, number
            )
            _print(done)
            account = load_account(settings.project)
            for sentence in residue(settings, account, utc_now(), number):
                terminal.print(f"- {sentence}", highlight=False)
    if not wanted:
        terminal.print("no run was left unfinished", highlight=False)


def _print(done: Forgotten) -> None:
    if not done.found_anything:
        terminal.print(
            "the warehouse knows no such patient; what arrives later is unlinked on arrival", highlight=False
        )
        return
    terminal.print(
        f"erasure {done.erasure_id}: of raw {done.raw_rows_deleted:,} rows deleted and {done.raw_rows_unlinked:,} "
        f"unlinked in {len(done.objects)} tables; of models' tables {done.table_rows_deleted:,} deleted and "
        f"{done.table_rows_unlinked:,} unlinked; {done.files_rewritten:,} landing files rewritten",
        highlight=False,
    )
    terminal.print("What still holds the patient:", highlight=False)
