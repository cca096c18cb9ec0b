"""How each partner writes its files: encoding, line ends, delimiter, columns, compression, and what goes wrong."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass

from northstar.simulator.partner.contents import Row


@dataclass(frozen=True)
class Dialect:
    """One partner's way to write CSV."""

    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = "\n"
    titles: str = "snake"
    """How headers look: snake (claim_number), title (Claim Number) or shout (CLAIM-NUMBER)."""
    compressed: bool = False
    final_newline: bool = True
    left_out: tuple[str, ...] = ()
    """Optional columns that this partner does not send."""

    @property
    def suffix(self) -> str:
        """The end of its file names."""
        return ".csv.gz" if self.compressed else ".csv"


def render(rows: Sequence[Row], columns: Sequence[str], dialect: Dialect) -> bytes:
    """A file with a header, and these columns in this order."""
    kept = [column for column in columns if column not in dialect.left_out]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator=dialect.line_end)
    writer.writerow([_title(column, dialect.titles) for column in kept])
    writer.writerows([row.get(column, "") for column in kept] for row in rows)
    whole = text.getvalue()
    if not dialect.final_newline:
        whole = whole.removesuffix(dialect.line_end)
    # What the partner's encoding cannot express is lost at the partner's end, as in life.
    content = whole.encode(dialect.encoding, "replace")
    return gzip.compress(content, mtime=0) if dialect.compressed else content


def truncated(content: bytes) -> bytes:
    """An upload that broke off in the middle of its last record."""
    return content[:-9]


def spoiled(content: bytes, dialect: Dialect, share: float) -> bytes:
    """A file of whose lines this share has a field too many; a compressed or wide one is left as it is."""
    if dialect.compressed or dialect.encoding == "utf-16":
        return content
    end, mark = dialect.line_end.encode(), dialect.delimiter.encode()
    lines = content.split(end)
    plain = [n for n, line in enumerate(lines) if n and line and b'"' not in line]
    for number in plain[: int(share * len(lines))]:
        lines[number] += mark + b"?"
    return end.join(lines)


def _title(column: str, style: str) -> str:
    if style == "title":
        return column.replace("_", " ").title()
    return column.replace("_", "-").upper() if style == "shout" else column
