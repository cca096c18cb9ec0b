"""``northstar access``: Snowflake's roles, grants, tags and masks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import snowflake.connector
import typer

from northstar.access.account import FOLDER, load_account
from northstar.access.drift import Ask, Rows, drift
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
    with clear_errors(), _asking(settings) as ask:
        found = drift(load_account(settings.project), load_contracts(settings.project / CONTRACTS), ask)
    for sentence in found:
        terminal.print(sentence, highlight=False)
    if found:
        raise typer.Exit(ExitCode.MODELS_FAILED)
    terminal.print("the account's grants, masks and tags are those of infra/snowflake", highlight=False)


@contextmanager
def _asking(settings: Settings) -> Iterator[Ask]:
    """Runs statements with what gateway snowflake connects by.  Raises ValueError when it is not configured."""
    given = {
        name: settings.environment.get(f"NORTHSTAR_SNOWFLAKE_{name}", "") for name in ("ACCOUNT", "USER", "KEY_PATH")
    }
    if missing := [name for name, value in given.items() if not value]:
        raise ValueError(f"NORTHSTAR_SNOWFLAKE_{missing[0]} is not set (docs/settings.md)")
    role = settings.environment.get("NORTHSTAR_SNOWFLAKE_ROLE", "TRANSFORMER")
    connection = snowflake.connector.connect(
        account=given["ACCOUNT"], user=given["USER"], private_key_file=given["KEY_PATH"], role=role
    )

    def ask(statement: str) -> Rows:
        cursor = connection.cursor(snowflake.connector.DictCursor)
        cursor.execute(statement)
        rows: list[dict[str, Any]] = cursor.fetchall()
        return rows

    with closing(connection):
        yield ask
