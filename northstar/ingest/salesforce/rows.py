"""Text as Salesforce wrote it, turned into typed columns of raw."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from northstar.clock import to_naive_utc
from northstar.ingest.contract import IngestError, Notice
from northstar.ingest.salesforce.fields import INSTANT, TEXT, SalesforceField, SalesforceObject
from northstar.ingest.salesforce.pages import Page


@dataclass(frozen=True)
class Rows:
    """A page, typed, with what the source needs to know of each record."""

    columns: dict[str, pa.Array]
    """Values by raw column."""
    ids: list[str]
    stamps: list[int]
    """Milliseconds since 1970."""
    created: list[int]
    hashes: list[str]
    """Of the values: equal for equal records, however they were fetched and whichever empty fields there are."""
    deleted: list[bool]
    notices: list[Notice]


def typed(page: Page, sobject: SalesforceObject) -> Rows:
    """Type a page.  Values that are not of their field's type are kept as text, with a notice."""
    columns: dict[str, pa.Array] = {}
    notices: list[Notice] = []
    for field in sobject.fields:
        columns[field.column] = column = _typed(page.columns[field.name], field)
        if column.type == TEXT and field.arrow != TEXT:
            detail = f"field {field.name} holds values that are no {field.type}; they are landed as text"
            notices.append(Notice(sobject.table, "value_not_of_type", detail))
    stamp = columns[str(sobject.column(sobject.stamp))]
    created = columns.get("created_date", stamp)
    for needed in (columns["id"], stamp, created):
        if (
            needed.null_count
            or needed.type not in (TEXT, INSTANT)
            or (needed.type == TEXT) != (needed is columns["id"])
        ):
            raise IngestError(
                f"Salesforce object {sobject.name} has records without Id, {sobject.stamp} or CreatedDate"
            )
    deleted = columns["is_deleted"].to_pylist() if "is_deleted" in columns else [False] * len(page)
    return Rows(
        columns, columns["id"].to_pylist(), _milliseconds(stamp), _milliseconds(created), _hashes(columns, len(page)),
        deleted, notices,
    )  # fmt: skip


def change_table(rows: Rows, keep: Sequence[int], ops: Sequence[str], first_seq: int, stamp: str) -> pa.Table:
    """The rows at ``keep`` as raw wants them; ``stamp`` is the column that orders changes."""
    chosen = pa.array(keep, pa.int64())
    columns = {
        "_op": pa.array(ops, TEXT),
        "_commit_ts": rows.columns[stamp].take(chosen),
        "_seq": pa.array(range(first_seq, first_seq + len(keep)), pa.int64()),
        "_content_hash": pa.array([rows.hashes[n] for n in keep], TEXT),
    }
    return pa.table(columns | {name: column.take(chosen) for name, column in rows.columns.items()})


def deletion_table(sobject: SalesforceObject, deletions: Sequence[tuple[str, datetime]], first_seq: int) -> pa.Table:
    """Deletions of records of which only the Id is left."""
    count = len(deletions)
    columns = {
        "_op": pa.array(["D"] * count, TEXT),
        "_commit_ts": pa.array([to_naive_utc(at) for _, at in deletions], INSTANT),
        "_seq": pa.array(range(first_seq, first_seq + count), pa.int64()),
        "_content_hash": pa.nulls(count, TEXT),
    }
    for field in sobject.fields:
        ids = pa.array([id for id, _ in deletions], TEXT)
        columns[field.column] = ids if field.name == "Id" else pa.nulls(count, field.arrow)
    return pa.table(columns)


def _typed(text: pa.Array, field: SalesforceField) -> pa.Array:
    try:
        if field.arrow == INSTANT:
            return text.cast(pa.timestamp("us", "UTC")).cast(INSTANT)
        return text.cast(field.arrow)
    except pa.ArrowInvalid:
        return _wider_decimal(text) if pa.types.is_decimal(field.arrow) else text


def _wider_decimal(text: pa.Array) -> pa.Array:
    """Numbers with more digits than describe says, which Salesforce lets in by its API; text when they are none."""
    try:
        values = [None if value is None else Decimal(value) for value in text.to_pylist()]
    except ArithmeticError:
        return text
    parts = [value.as_tuple() for value in values if value is not None]
    if not all(isinstance(part.exponent, int) for part in parts):
        return text
    scale = max(max(-int(part.exponent), 0) for part in parts)
    whole = max(max(len(part.digits) + int(part.exponent), 0) for part in parts)
    if whole + scale > 38:
        return text
    return pa.array(values, pa.decimal128(max(whole + scale, 1), scale))


def _milliseconds(instants: pa.Array) -> list[int]:
    return [int(us) // 1000 for us in instants.cast(pa.int64()).to_pylist()]


def _canonical(column: pa.Array) -> pa.Array:
    """Values as text that does not depend on the column's precision."""
    text = column.cast(TEXT)
    if pa.types.is_decimal(column.type) and column.type.scale > 0:
        return pc.utf8_rtrim(pc.utf8_rtrim(text, characters="0"), characters=".")
    return text


def _hashes(columns: dict[str, pa.Array], count: int) -> list[str]:
    names = sorted(columns)
    texts: list[list[Any]] = [_canonical(columns[name]).to_pylist() for name in names]
    prefixes = [f"{name}\x1f" for name in names]
    result = []
    for row in zip(*texts, strict=True):
        content = "\x1e".join(
            [prefix + value for prefix, value in zip(prefixes, row, strict=True) if value is not None]
        )
        result.append(hashlib.blake2b(content.encode(), digest_size=16).hexdigest())
    return result
