"""Pages of records: JSON from REST, CSV from the Bulk API."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from northstar.ingest.contract import IngestError


@dataclass(frozen=True)
class Page:
    """Some records: text by field, as Salesforce wrote it, NULL where it has no value."""

    columns: dict[str, pa.Array]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def page_of_records(records: Sequence[dict[str, Any]], fields: Sequence[str]) -> Page:
    """Read the records of a JSON answer."""
    return Page({name: pa.array([_text(record[name]) for record in records], pa.string()) for name in fields})


def _text(value: Any) -> str | None:
    """A JSON value as bulk results would write it."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def page_of_csv(body: bytes, fields: Sequence[str], first: bool) -> Page:
    """Read a page of CSV.  Every page may begin with the names of the fields, though only the first one must.

    Raises IngestError when it is no CSV of these fields.
    """
    if not body:
        return Page({name: pa.array([], pa.string()) for name in fields})
    try:
        table = pacsv.read_csv(
            io.BytesIO(body),
            # One block, because a record must not be longer than a block.
            read_options=pacsv.ReadOptions(autogenerate_column_names=True, block_size=len(body) + 1, use_threads=False),
            parse_options=pacsv.ParseOptions(newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types={f"f{n}": pa.string() for n in range(len(fields))},
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        raise IngestError("a page of bulk results is no CSV of the fields that were asked for") from None
    begins_with_names = [column[0].as_py() for column in table.columns] == list(fields)
    if table.num_columns != len(fields) or (first and not begins_with_names):
        raise IngestError("bulk results do not begin with the fields that were asked for, in their order")
    if begins_with_names:
        table = table.slice(1)
    return Page({name: column.combine_chunks() for name, column in zip(fields, table.columns, strict=True)})
