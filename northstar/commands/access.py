"""``northstar access``: Snowflake's roles, grants, tags and masks."""

from __future__ import annotations

import typer

from northstar.access.account import FOLDER, load_account
from northstar.access.connect import asking
from northstar.access.drift import drift
from northstar.access.matrix import PAGE, rewritten
from northstar.access.sql import render
from northstar.console import ExitCode, clear_errors, terminal
from northstar.contracts import CONTRACTS, load_contracts
from northstar.settings import Settings

access = typer.Typer(help="Who may see what on Snowflake.", no_args_is_help=True)


@access.command("render")
def render_command() -> None:
    """Write infra/snowflake and the matrix of docs/security.md from the contracts and from account.yaml."""
    project = Settings.from_environment().project
    with clear_errors():
        account = load_account(project)
        files = render(account, load_contracts(project / CONTRACTS))
        for name, text in files.items():
            (project / FOLDER / name).write_text(text, encoding="utf-8")
        page = project / PAGE
        page.write_text(rewritten(page.read_text(encoding="utf-8"), account), encoding="utf-8")
    terminal.print(f"wrote {', '.join(files)} in {FOLDER}, and the matrix in {PAGE}", highlight=False)


@access.command("check")
def check_command() -> None:
    """Compare the account's grants, masks and tags with those that should be there.  Exits with 1 when they differ."""
    settings = Settings.from_environment()
    with clear_errors(), asking(settings) as ask:
        found = drift(load_account(settings.project), load_contracts(settings.project / CONTRACTS), ask)
    for sentence in found:
        terminal.print(sentence, highlight=False)
    if found:
        raise typer.Exit(ExitCode.MODELS_FAILED)
    terminal.print("the account's grants, masks and tags are those of infra/snowflake", highlight=False)
