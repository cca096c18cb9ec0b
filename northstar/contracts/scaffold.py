"""Turns a landed table of the app into what is needed to read it: a contract, a declaration, staging, a batch.

Every column of the contract entry is denied until a person classes it, so that what is written here does not lint
before somebody has looked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlmesh import Context
from sqlmesh.core.dialect import format_model_expressions, parse

from northstar.contracts import CONTRACTS
from northstar.contracts.live import LiveObject
from northstar.contracts.loader import RULES
from northstar.contracts.model import Contracts, ObjectContract

_ORDER = "commit_lsn, commit_seq"
_TIMES = {"TIMESTAMP", "DATE"}
_SNOWFLAKE = {"INTEGER": "INT", "SMALLINT": "INT", "FLOAT": "DOUBLE"}
_DECLARED = {"VARCHAR": "TEXT", "INTEGER": "INT", "BLOB": "BINARY"}
_FIRST = ("_op", "_commit_lsn", "_seq", "_commit_ts", "_xid", "_unchanged")
_LAST = ("_load_id", "_loaded_at")
_TECHNICAL_TYPES = {
    "_op": "TEXT", "_commit_lsn": "BIGINT", "_seq": "BIGINT", "_commit_ts": "TIMESTAMP", "_xid": "BIGINT",
    "_unchanged": "TEXT", "_load_id": "TEXT", "_loaded_at": "TIMESTAMP",
}  # fmt: skip
_TRANSFORMED = {
    "phi_direct.patient": ("@patient_key({column})::BIGINT", "patient_key", "Pseudonym of the patient"),
    "phi_quasi.postal_code": (
        "@zip3({column}, state_code)::VARCHAR",
        "zip3",
        "First three digits of the ZIP code, or 000",
    ),
}
_LEFT_BEHIND = ("phi_direct", "free_text", "phi_quasi.geography")


@dataclass(frozen=True)
class Scaffold:
    """What was written, and what a person has to do next."""

    files: list[Path]
    next_steps: list[str]


@dataclass(frozen=True)
class _Table:
    """A landed table, and what it will be called."""

    schema: str
    name: str
    entity: str
    key: str
    columns: Mapping[str, str]
    suggested: Mapping[str, str]
    """The class that rules give, where the contract lists the table by rules."""

    @property
    def object(self) -> str:
        return f"{self.schema}__{self.name}"

    @property
    def title(self) -> str:
        return self.entity.replace("_", " ")


def scaffold(
    project: Path, contracts: Contracts, raw: Mapping[str, LiveObject], name: str, entity: str | None = None
) -> Scaffold:
    """Write the files for ``app.inventory__stock_items``.  Raises ValueError that says why it cannot."""
    table = _table(contracts, raw, name, entity)
    staging = project / "models" / "staging" / "app" / f"stg_app__{table.entity}.sql"
    subject = re.sub("[^a-z]", "", table.schema)
    batch = project / "models" / "intermediate" / subject / f"int_{subject}__{table.entity}_change.sql"
    for file in (staging, batch):
        if file.exists():
            raise ValueError(f"{file.relative_to(project)} exists already; it is not written over")
    contract = _write_contract(project, contracts, table)
    declaration = project / "external_models" / "app.yaml"
    if f"- name: raw_app.{table.object}\n" not in declaration.read_text(encoding="utf-8"):
        with declaration.open("a", encoding="utf-8") as opened:
            opened.write(_declaration(table))
    context = Context(paths=str(project), load=False)
    options = context.config.format.generator_options
    for file, text in ((staging, _staging(table)), (batch, _batch(table, subject))):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_formatted(text, options), encoding="utf-8")
    listed = project / "macros" / "quality.py"
    text = listed.read_text(encoding="utf-8")
    entry = f'        "intermediate.{batch.stem}": "{table.key}",\n'
    listed.write_text(text.replace('    "app": {\n', f'    "app": {{\n{entry}', 1), encoding="utf-8")
    context.close()
    steps = [
        f"class every column in {contract.relative_to(project)}; until then sqlmesh lint names what is denied",
        f"take what must not leave raw out of {staging.relative_to(project)} and {batch.relative_to(project)}, and say "
        "in both what each column means",
        "sqlmesh lint, sqlmesh format, sqlmesh plan dev",
    ]
    return Scaffold([contract, declaration, staging, batch, listed], steps)


def _table(contracts: Contracts, raw: Mapping[str, LiveObject], name: str, entity: str | None) -> _Table:
    source, _, object = name.partition(".")
    schema, separator, table = object.partition("__")
    if source != "app" or not separator:
        raise ValueError(f"{name!r} is no table of the app; write it like app.inventory__stock_items")
    landed = raw.get(f"raw_app.{object}")
    if landed is None:
        raise ValueError(f"raw_app.{object} has not been landed; run northstar ingest, and look at northstar sources")
    known = contracts.find(f"raw_app.{object}")
    columns = {column: kind for column, kind in landed.columns.items() if column not in _TECHNICAL_TYPES}
    if odd := [column for column in columns if not re.fullmatch(r"[a-z][a-z0-9_]*", column)]:
        raise ValueError(f"column {odd[0]!r} would have to be quoted everywhere; write this table's models by hand")
    key = known.key if known else (next(iter(columns)),)
    if len(key) != 1:
        raise ValueError(f"{object} has {len(key)} key columns; macros take one, so write its models by hand")
    suggested = {column: str(known.classification(column)) for column in columns} if known else {}
    return _Table(schema, table, entity or singular(table), key[0], columns, suggested)


def singular(name: str) -> str:
    """``stock_items`` is ``stock_item``."""
    if name.endswith("series"):
        return name
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    if name.endswith(("ses", "xes", "ches", "shes")):
        return name[:-2]
    return name.removesuffix("s")


def _write_contract(project: Path, contracts: Contracts, table: _Table) -> Path:
    """Add the entry, every column denied; one that lists the table by rules is replaced."""
    known: ObjectContract | None = contracts.find(f"raw_app.{table.object}")
    file = known.path if known else project / CONTRACTS / "app" / f"{table.schema}.yaml"
    lines = [f"  {table.object}:", f"    key: [{table.key}]", "    columns:"]
    for column in table.columns:
        hint = table.suggested.get(column, "denied")
        note = f"  # {RULES} would say {hint}" if hint != "denied" else ""
        lines.append(f"      {column}: denied{note}")
    entry = "\n".join(lines) + "\n"
    if not file.exists():
        file.write_text(f"source: app\nfreshness_minutes: 45\nobjects:\n{entry}", encoding="utf-8")
        return file
    text = file.read_text(encoding="utf-8")
    by_rules = re.compile(rf"^  {re.escape(table.object)}: \{{.*\}}\n", re.MULTILINE)
    if known is None:
        file.write_text(text + entry, encoding="utf-8")
    elif by_rules.search(text):
        file.write_text(by_rules.sub(lambda _: entry, text), encoding="utf-8")
    return file


def _declaration(table: _Table) -> str:
    columns = {
        **{name: _TECHNICAL_TYPES[name] for name in _FIRST},
        **table.columns,
        **{n: _TECHNICAL_TYPES[n] for n in _LAST},
    }
    lines = "".join(f"    {name}: {_DECLARED.get(kind, kind)}\n" for name, kind in columns.items())
    return f"- name: raw_app.{table.object}\n  columns:\n{lines}"


def _formatted(text: str, options: Mapping[str, object]) -> str:
    return format_model_expressions(parse(text, default_dialect="snowflake"), "snowflake", **options) + "\n"  # type: ignore[arg-type]


def _selected(table: _Table) -> list[tuple[str, str, str, str]]:
    """Expression, name, type and words of each column that staging shows."""
    found = []
    for column, kind in table.columns.items():
        suggested = table.suggested.get(column, "")
        words = f"{column.replace('_', ' ').capitalize()}{', natural key' if column == table.key else ''}"
        words += ", UTC" if kind == "TIMESTAMP" else ""
        if suggested in _TRANSFORMED:
            expression, name, words = _TRANSFORMED[suggested]
            found.append((expression.format(column=column), name, expression.rpartition("::")[2], words))
        elif column != "updated_at" and not suggested.startswith(_LEFT_BEHIND):
            target = _SNOWFLAKE.get(kind, kind)
            found.append((f"{column}::{target}", column, target, words))
    return found


def _staging(table: _Table) -> str:
    changed = (
        "IFF(_op IN ('D', 'T'), _commit_ts, updated_at)::TIMESTAMP AS changed_at, "
        "/* When the app last changed the row, of a delete or truncate its commit, UTC */"
        if table.columns.get("updated_at") == "TIMESTAMP"
        else "_commit_ts::TIMESTAMP AS changed_at, /* When the source committed the change, UTC */"
    )
    columns = "\n".join(f"{expression} AS {name}, /* {words} */" for expression, name, _, words in _selected(table))
    phi = "pseudonymous" if any(name == "patient_key" for _, name, _, _ in _selected(table)) else "none"
    return f"""MODEL (
  name staging.stg_app__{table.entity},
  kind VIEW,
  owner data_engineering,
  grain (commit_lsn, commit_seq),
  tags ('layer=staging', 'source=app', 'phi={phi}'),
  description 'One row per change of {_article(table.title)} in the app''s change log.
Use it for: the audited batch. Not for: analysis.'
);
SELECT
  _op::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  _commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  _seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  _commit_ts::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  {columns}
  {changed}
  _loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM raw_app.{table.object}
"""


def _batch(table: _Table, subject: str) -> str:
    columns = "\n".join(
        f"arrived.{name}::{kind} AS {name}, /* {words} */"
        for _, name, kind, words in _selected(table)
        if name != table.key
    )
    kind = _SNOWFLAKE.get(table.columns[table.key], table.columns[table.key])
    return f"""MODEL (
  name intermediate.int_{subject}__{table.entity}_change,
  kind INCREMENTAL_BY_TIME_RANGE (time_column loaded_at),
  owner data_engineering,
  grain ({table.key}, {_ORDER}),
  tags ('layer=intermediate', 'source=app'),
  signals (source_sealed(source := 'app')),
  audits (
    unique_combination_of_columns(columns := ({table.key}, {_ORDER})),
    not_null(columns := ({table.key}, operation, committed_at)),
    fault_share(max_share := 0.05)
  ),
  description 'One row per change of {_article(table.title)}, audited before anything reads it; faulty ones are marked.
Use it for: building current state and history. Not for: analysis. Grows by what arrives.'
);
WITH arrived AS (
  @arrivals(staging.stg_app__{table.entity}, {table.key}, @start_ts, @end_ts)
)
SELECT
  arrived.{table.key}::{kind} AS {table.key}, /* {table.key.replace("_", " ").capitalize()}, natural key */
  arrived.operation::VARCHAR AS operation, /* R snapshot, I insert, U update, D delete, T truncate */
  arrived.commit_lsn::BIGINT AS commit_lsn, /* Position of the transaction in the source's log */
  arrived.commit_seq::BIGINT AS commit_seq, /* Position of the change in its transaction */
  arrived.committed_at::TIMESTAMP AS committed_at, /* When the source committed the change, UTC */
  {columns}
  arrived.changed_at::TIMESTAMP AS changed_at, /* When the app last changed the row, of a delete its commit, UTC */
  NULL::VARCHAR AS fault_rule, /* Rule that the change breaks; none is defined */
  arrived.loaded_at::TIMESTAMP AS loaded_at /* Stamp of the load, inside the interval that it belongs to, UTC */
FROM arrived
"""


def _article(title: str) -> str:
    return f"{'an' if title[0] in 'aeiou' else 'a'} {title}"
