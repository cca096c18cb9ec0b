"""The project as production gets it: rendered for Snowflake without a connection, parsed again, its functions known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlfluff
import sqlglot
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from ddl import creations
from grammar import FUNCTIONS, functions, unreviewed
from projects import PROJECT
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlmesh import Context
from sqlmesh.core.model import Model, SqlModel

INTERVAL = {"start": "2026-03-02 09:00:00", "end": "2026-03-02 09:30:00", "execution_time": "2026-03-02 09:30:05"}


@pytest.fixture(scope="module")
def snowflake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """The project on gateway snowflake, with a key made for this test; nothing is connected to."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path_factory.mktemp("snowflake") / "throw_away.p8"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "NORTHSTAR_GATEWAY": "snowflake",
            "NORTHSTAR_SNOWFLAKE_ACCOUNT": "nowhere",
            "NORTHSTAR_SNOWFLAKE_USER": "nobody",
            "NORTHSTAR_SNOWFLAKE_KEY_PATH": str(path),
            "NORTHSTAR_STATE_HOST": "127.0.0.1",
            "NORTHSTAR_STATE_USER": "nobody",
            "NORTHSTAR_STATE_PASSWORD": "none",
        }.items():
            patch.setenv(name, value)
        yield Context(paths=str(PROJECT), load_state=False)


@pytest.fixture(scope="module")
def rendered(snowflake: Context) -> dict[str, str]:
    """The SQL of each model as Snowflake gets it."""
    return {name: _sql(model) for name, model in _own(snowflake).items()}


def _own(context: Context) -> dict[str, SqlModel]:
    return {name: model for name, model in context.models.items() if isinstance(model, SqlModel)}


def _sql(model: Model) -> str:
    return model.render_query_or_raise(**INTERVAL).sql(dialect="snowflake")


def test_every_model_renders(snowflake: Context, context: Context, rendered: dict[str, str]) -> None:
    assert snowflake.config.get_gateway("snowflake").variables == {"engine": "snowflake"}
    assert rendered.keys() == _own(context).keys()


def test_rendered_sql_parses_again(rendered: dict[str, str]) -> None:
    changed = [
        name
        for name, text in rendered.items()
        if sqlglot.parse_one(text, dialect="snowflake", error_level=sqlglot.ErrorLevel.RAISE).sql(dialect="snowflake")
        != text
    ]

    assert changed == []


def test_nothing_is_passed_through_unparsed(rendered: dict[str, str]) -> None:
    opaque = [name for name, text in rendered.items() if sqlglot.parse_one(text, dialect="snowflake").find(exp.Command)]

    assert opaque == []


def test_quoted_identifiers_are_upper_case(rendered: dict[str, str]) -> None:
    """Snowflake folds unquoted names to upper case, so that only these meet; SQLMesh's own ``_col_0`` meet nothing."""
    lower = set()
    for name, text in rendered.items():
        query = sqlglot.parse_one(text, dialect="snowflake")
        names = {part.name for node in query.find_all(exp.Column, exp.Table) for part in node.parts}
        lower |= {f"{name}: {one}" for one in names | set(query.named_selects) if one != one.upper()}

    assert lower == set()


def test_functions_are_reviewed(rendered: dict[str, str]) -> None:
    assert functions(rendered.values()) == {name for names in FUNCTIONS.values() for name in names.split()}


def test_functions_of_audits_are_reviewed(snowflake: Context) -> None:
    """Each audit once, as Snowflake gets it."""
    found: dict[str, str] = {}
    for model in _own(snowflake).values():
        for audit, arguments in model.audits_with_args:
            if audit.name not in found:
                query = model.render_audit_query(audit, **INTERVAL, **arguments)
                found[audit.name] = query.sql(dialect="snowflake")
    assert len(found) > 30
    assert unreviewed(found.values()) == set()


def test_time_zones_are_converted_from_one_to_another(rendered: dict[str, str]) -> None:
    """With two arguments, CONVERT_TIMEZONE reads the zone of the session."""
    calls = [
        call
        for text in rendered.values()
        for call in sqlglot.parse_one(text, dialect="snowflake").find_all(exp.ConvertTimezone)
    ]

    assert calls
    assert all(call.args.get("source_tz") for call in calls)


def test_tables_are_transient_and_views_plain(snowflake: Context) -> None:
    """What can be built again from raw needs no Fail-safe; TRANSIENT on a view is an error on Snowflake."""
    models = {
        "intermediate.int_scheduling__appointment": "CREATE TRANSIENT TABLE",
        "intermediate.int_scheduling__appointment_change": "CREATE TRANSIENT TABLE",
        "intermediate.int_sales__account_owner": "CREATE TRANSIENT TABLE",
        "reference.calendar_date": "CREATE TRANSIENT TABLE",
        "core.fct_appointment": "CREATE VIEW",
    }

    made = creations(snowflake, list(models))

    for name, start in models.items():
        assert made[name].startswith(start), made[name]
    assert ' CLUSTER BY ((CAST("STARTS_AT" AS DATE)))' in made["intermediate.int_scheduling__appointment"]
    change = made["intermediate.int_scheduling__appointment_change"]
    assert ' CLUSTER BY (CAST("LOADED_AT" AS DATE), CAST("STARTS_AT" AS DATE))' in change
    for sql in made.values():
        assert "unparsable" not in repr(sqlfluff.parse(sql + ";\n", dialect="snowflake")), sql


def test_models_are_clustered_by_dates(snowflake: Context) -> None:
    """By days, not instants, or each row would be a cluster of its own; a log by when it was loaded first."""
    clustered = {name: model for name, model in _own(snowflake).items() if model.clustered_by}

    assert len(clustered) > 15
    for model in clustered.values():
        kinds = [str(annotate_types(key.copy(), dialect="snowflake").type) for key in model.clustered_by]
        columns = model.columns_to_types_or_raise
        for key, kind in zip(model.clustered_by, kinds, strict=True):
            named = {column.name for column in key.find_all(exp.Column)}
            assert named <= columns.keys(), model.name
            assert kind == "DATE" or {str(columns[name]) for name in named} == {"DATE"}, (model.name, key.sql())
        if model.time_column:
            first = {column.name for column in model.clustered_by[0].find_all(exp.Column)}
            assert first == {model.time_column.column.name}, model.name
