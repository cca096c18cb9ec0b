"""``northstar infra``: make a Snowflake account what infra/snowflake says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from northstar.access.account import load_account
from northstar.access.connect import asking
from northstar.access.drift import Ask
from northstar.access.place import INTEGRATION, Place
from northstar.access.plan import Plan, plan
from northstar.console import ExitCode, clear_errors, terminal
from northstar.contracts import CONTRACTS, load_contracts
from northstar.settings import Settings

infra = typer.Typer(help="What infra/snowflake says, made so in an account.", no_args_is_help=True)


@infra.command("plan")
def plan_command() -> None:
    """Show what the account lacks, statement by statement.  Exits with 1 when there is something to do."""
    settings = Settings.from_environment()
    with clear_errors(), _planned(settings) as (_, found):
        pass
    _show(found)
    if found.steps or found.surplus:
        raise typer.Exit(ExitCode.MODELS_FAILED)


@infra.command("apply")
def apply_command(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before running the statements.")] = False,
) -> None:
    """Show the plan and run it.  Stops at the first statement that fails; run again, it goes on from there.

    Nothing is dropped or revoked: what should not be there is named, and stays.
    """
    settings = Settings.from_environment()
    with clear_errors(), _planned(settings) as (ask, found):
        _show(found)
        if not found.steps or not (yes or typer.confirm(f"Run {len(found.steps)} statements?", err=True)):
            return
        for step in found.steps:
            try:
                ask(step.statement)
            except Exception as error:
                raise ValueError(f"{step.statement}: {error}") from error
    terminal.print(f"ran {len(found.steps)} statements", highlight=False)


@infra.command("trust")
def trust_command() -> None:
    """Print as whom Snowflake comes to the landing zone, as parameters of schedulers/aws/northstar.yaml."""
    with clear_errors(), asking(Settings.from_environment()) as ask:
        told = {row["property"]: row["property_value"] for row in ask(f"DESCRIBE STORAGE INTEGRATION {INTEGRATION}")}
    sys.stdout.write(f"SnowflakeStorageUser={told['STORAGE_AWS_IAM_USER_ARN']}\n")
    sys.stdout.write(f"SnowflakeExternalId={told['STORAGE_AWS_EXTERNAL_ID']}\n")


@contextmanager
def _planned(settings: Settings) -> Iterator[tuple[Ask, Plan]]:
    place = Place.from_environment(settings.environment)
    with asking(settings) as ask:
        yield ask, plan(load_account(settings.project), load_contracts(settings.project / CONTRACTS), place, ask)


def _show(found: Plan) -> None:
    for step in found.steps:
        sys.stdout.write(f"{step.mark} {step.what}\n    {step.statement}\n")
    for sentence in found.surplus:
        sys.stdout.write(f"! {sentence}, which it should not; take it away by hand\n")
    if not (found.steps or found.surplus):
        terminal.print("the account is what infra/snowflake says", highlight=False)
