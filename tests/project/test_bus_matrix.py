"""docs/modeling.md shows the bus matrix of the models as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import PROJECT, small_project
from sqlmesh import Context

from northstar.bus_matrix import PAGE, bus_matrix, core_models, natural_key, referred_keys, rewrite, written

_MODELS = {
    "dim_thing": """
        MODEL (name core.dim_thing, kind VIEW, grains (thing_version_key, (thing_id, valid_from)));
        SELECT 1::BIGINT AS thing_version_key, 1::BIGINT AS thing_id, '2026-01-01'::TIMESTAMP AS valid_from
    """,
    "dim_date": "MODEL (name core.dim_date, kind VIEW, grain date_day); SELECT '2026-01-01'::DATE AS date_day",
    "dim_color": "MODEL (name core.dim_color, kind VIEW, grain color_id); SELECT 1::BIGINT AS color_id",
    "fct_sale": """
        MODEL (name core.fct_sale, kind VIEW, grain sale_id, references ((sold_thing_id AS thing_id)));
        SELECT 1::BIGINT AS sale_id, 1::BIGINT AS sold_thing_id, '2026-01-01'::TIMESTAMP AS sold_at
    """,
    "fct_note": """
        MODEL (name core.fct_note, kind VIEW, grain note_id, references (thing_id));
        SELECT 1::BIGINT AS note_id, 1::BIGINT AS thing_id, '2026-01-01'::TIMESTAMP AS changed_at
    """,
}


def test_the_page_shows_the_matrix_of_the_models(context: Context) -> None:
    """Mended by `northstar docs bus-matrix`."""
    assert written((PROJECT / PAGE).read_text()) == bus_matrix(context.models)


def test_facts_declare_every_key_of_a_dimension_that_they_carry(context: Context) -> None:
    keys = {natural_key(model) for model in core_models(context.models.values(), "dim_").values()}
    silent = [
        f"{name}.{column.lower()}"
        for name, fact in core_models(context.models.values(), "fct_").items()
        for column in fact.columns_to_types_or_raise
        if column.lower() in keys - referred_keys(fact)
    ]

    assert silent == []


def test_the_matrix_follows_grains_references_and_roles(tmp_path: Path) -> None:
    with small_project(tmp_path, _MODELS) as small:
        matrix = bus_matrix(small.models)
        (tmp_path / PAGE).parent.mkdir()
        (tmp_path / PAGE).write_text("before\n<!-- bus matrix -->\nold\n<!-- end of bus matrix -->\nafter\n")

        assert rewrite(tmp_path, small)
        assert not rewrite(tmp_path, small)

    assert matrix.splitlines() == [
        "| fact | date | thing |",
        "|---|---|---|",
        "| `fct_note` |  | x |",
        "| `fct_sale` | x | x |",
    ]
    assert (tmp_path / PAGE).read_text() == (
        f"before\n<!-- bus matrix -->\n{matrix}<!-- end of bus matrix -->\nafter\n"
    )


def test_a_dimension_without_a_natural_key_is_refused(tmp_path: Path) -> None:
    model = {
        "dim_odd": "MODEL (name core.dim_odd, kind VIEW, grain odd_version_key); SELECT 1::BIGINT AS odd_version_key"
    }
    with small_project(tmp_path, model) as small, pytest.raises(ValueError, match="dim_odd: no grain is a natural key"):
        bus_matrix(small.models)
