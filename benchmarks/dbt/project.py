"""The dbt project with the same models: the query that SQLMesh renders of each, in dbt's kind, and its audits as tests.

A model of a time range deletes its interval and appends, a model of a unique key uses ``delete+insert``, and audits are
singular tests.  So both run the same SELECTs, and what differs is what each tool does around them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.macros import RuntimeStage
from sqlmesh.core.model import Model, SeedModel, SqlModel

_START, _END, _NOW = "1971-02-03 04:05:06", "1971-02-03 05:05:06", "1971-02-03 05:05:07"
_VARIABLES = {_START: "start", "1971-02-03 05:05:05.999999": "end", _NOW: "now"}
"""What a model renders for its interval, and the variable that dbt puts there."""
_TIMES = {"start": _START, "end": _END, "execution_time": _NOW}
_REFERENCE = re.compile(r'"?__ref__(\w+?)__end__"?')
_PROJECT = """name: northstar
profile: northstar
model-paths: [models]
seed-paths: [seeds]
test-paths: [tests]
macro-paths: [macros]
vars: {start: '2000-01-01', end: '2000-01-01', now: '2000-01-01'}
flags: {send_anonymous_usage_stats: false, use_colors: false}
"""
_PROFILE = """northstar:
  target: prod
  outputs:
    prod:
      type: duckdb
      path: DATABASE
      schema: main
      threads: 1
      settings: &settings SETTINGS
    dev:
      type: duckdb
      path: DATABASE
      schema: dev
      threads: 1
      settings: *settings
"""
_SCHEMA = """{% macro generate_schema_name(name, node) -%}
  {{ 'dev_' if target.name == 'dev' }}{{ name or target.schema }}
{%- endmacro %}
"""


def write_project(context: Context, folder: Path, database: Path) -> None:
    """Write into an empty ``folder`` what dbt needs to keep the models of ``context`` in ``database``."""
    for part in ("models", "seeds", "tests", "macros"):
        (folder / part).mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(_PROJECT)
    (folder / "profiles.yml").write_text(_PROFILE.replace("DATABASE", str(database)).replace("SETTINGS", _settings()))
    (folder / "macros" / "schema.sql").write_text(_SCHEMA)
    names = {fqn: _name(model) for fqn, model in context.models.items() if not model.kind.is_external}
    for fqn in names:
        _write_model(context.models[fqn], names, folder)


def _settings() -> str:
    """Those of ``config.yaml``, the limit of memory among them."""
    settings = {"TimeZone": "UTC", "checkpoint_threshold": "1GB", "preserve_insertion_order": False}
    limit = os.environ.get("NORTHSTAR_DUCKDB_MEMORY")
    return json.dumps(settings | ({"memory_limit": limit} if limit else {}))


def _write_model(model: Model, names: dict[str, str], folder: Path) -> None:
    name = _name(model)
    if isinstance(model, SeedModel):
        assert model.seed_path.suffix == ".csv"
        shutil.copy(model.seed_path, folder / "seeds" / f"{name}.csv")
        types = ", ".join(
            f"{column}: '{kind.sql('duckdb')}'" for column, kind in model.columns_to_types_or_raise.items()
        )
        (folder / "seeds" / f"{name}.yml").write_text(
            f"seeds: [{{name: {name}, config: {{schema: {_schema(model)}, column_types: {{{types}}}}}}}]\n"
        )
    else:
        assert isinstance(model, SqlModel), model.name
        query = _rendered(model)
        (folder / "models" / f"{name}.sql").write_text(f"{_config(model)}\n{_filtered(model, _text(query, names))}\n")
    for number, (audit, arguments) in enumerate(model.audits_with_args):
        told = {key: value for key, value in arguments.items() if key != "blocking"}
        audited = model.render_audit_query(audit, **_TIMES, runtime_stage=RuntimeStage.AUDITING, **told)
        (folder / "tests" / f"{name}__{number}_{audit.name}.sql").write_text(_text(audited, names) + "\n")


def _rendered(model: SqlModel) -> exp.Query:
    """What SQLMesh executes, with variables in place of times: what is no date is worked out when it is executed."""
    query = model.render_query_or_raise(**_TIMES, needs_optimization=False)
    for literal in query.find_all(exp.Literal):
        if literal.this in _VARIABLES:
            literal.set("this", _variable(literal.this))
    return model._query_renderer._optimize_query(query, model.depends_on)


def _variable(text: str) -> str:
    return '{{ var("' + _VARIABLES[text] + '") }}'


def _name(model: Model) -> str:
    return model.view_name.lower()


def _schema(model: Model) -> str:
    return model.schema_name.lower()


def _config(model: Model) -> str:
    schema = f"schema='{_schema(model)}'"
    if model.kind.is_incremental_by_unique_key:
        key = ", ".join(f"'{column.name.lower()}'" for column in model.unique_key)
        how = f"materialized='incremental', incremental_strategy='delete+insert', unique_key=[{key}]"
    elif model.time_column:
        forget = f"DELETE FROM {{{{ this }}}} WHERE {_in_interval(model.time_column.column.name)}"
        forget = "{% if is_incremental() %}" + forget + "{% endif %}"
        how = f"materialized='incremental', incremental_strategy='append', pre_hook=\"{forget}\""
    elif model.kind.is_view:
        how = "materialized='view'"
    else:
        assert model.kind.is_full, model.kind
        how = "materialized='table'"
    return "{{ config(" + schema + ", " + how + ") }}"


def _filtered(model: Model, query: str) -> str:
    """SQLMesh keeps of a model of a time range only what lies in the interval; so does this."""
    if not model.time_column:
        return query
    return f"SELECT * FROM ({query}) WHERE {_in_interval(model.time_column.column.name)}"


def _in_interval(column: str) -> str:
    return f"{column.lower()} BETWEEN '{{{{ var('start') }}}}' AND '{{{{ var('end') }}}}'"


def _text(query: exp.Query, names: dict[str, str]) -> str:
    query = query.copy()
    for table in query.find_all(exp.Table):
        if not table.db:
            continue
        fqn = exp.table_name(exp.table_(table.this.copy(), table.args["db"].copy(), exp.to_identifier(table.catalog)),
                             identify=True)  # fmt: skip
        alias = table.alias_or_name
        if fqn in names:
            table.set("this", exp.to_identifier(f"__ref__{names[fqn]}__end__"))
            table.set("db", None)
        table.set("catalog", None)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    text = query.sql(dialect="duckdb", comments=False, identify=False)
    text = _REFERENCE.sub(lambda found: "{{ ref('" + found[1] + "') }}", text)
    for literal in _VARIABLES:
        text = text.replace(literal, _variable(literal))
    assert "1971-" not in text, text
    return text
