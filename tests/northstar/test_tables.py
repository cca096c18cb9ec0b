"""Tables are readable at the width of a terminal, whatever it is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from northstar.table_size import in_words, size_in_bytes
from northstar.tables import print_table

HEADER = ("model", "rows before", "rows after", "columns", "changed values")
LONG = "marts_operations.mart_provider_utilization"
SHARES = "available_minutes 12.50%, booked_minutes 0.12%, booked_utilization 12.61%"
ROWS = [(LONG, "12,345", "12,340", "+load_minutes", SHARES), ("core.fct_provider_day", "1", "1", "", "x [bold] 1.00%")]


def _printed(width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_table(console, "rows and columns", HEADER, ROWS)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("width", [40, 60, 80, 95, 110, 160, 200])
def test_no_word_is_broken_and_nothing_is_left_out(width: int) -> None:
    printed = _printed(width)

    for row in ROWS:
        for word in " ".join(row).replace(",", " ").split():
            assert word in printed.replace(",", " "), (width, word)
    assert "…" not in printed
    assert all(len(line) <= max(width, len(LONG)) for line in printed.splitlines())


def test_a_narrow_terminal_gets_paragraphs_and_a_wide_one_a_grid() -> None:
    assert "┃" in _printed(160)
    narrow = _printed(80)
    assert "┃" not in narrow
    assert f"{LONG}\n  rows before 12,345, rows after 12,340, columns +load_minutes, " in narrow


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (262_144, "262.1 kB"), (3 * 10**15, "3,000.0 TB")]
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert in_words(size) == words


class _Snowflake:
    """An adapter that answers a question about one table, and keeps it."""

    dialect = "snowflake"

    def fetchone(self, sql: str) -> tuple[int]:
        self.asked = sql
        return (4_096,)


def test_snowflake_is_asked_by_exact_names() -> None:
    adapter = _Snowflake()

    assert size_in_bytes(adapter, 'NORTHSTAR."sqlmesh__CORE"."CORE__FCT_X__12"') == 4_096  # type: ignore[arg-type]
    assert adapter.asked == (
        "SELECT BYTES FROM NORTHSTAR.INFORMATION_SCHEMA.TABLES "
        "WHERE TABLE_SCHEMA = 'sqlmesh__CORE' AND TABLE_NAME = 'CORE__FCT_X__12'"
    )
