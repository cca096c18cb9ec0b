"""Turn changed and deleted objects into the files of one load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import islice

from northstar import failpoints
from northstar.clock import to_naive_utc
from northstar.ingest.contract import LedgerView, Notice
from northstar.ingest.landing import LoadWriter
from northstar.ingest.partner import state as status
from northstar.ingest.partner.bucket import MAX_CONTENT_BYTES, TOO_LARGE, Bucket, Download, Version
from northstar.ingest.partner.feeds import Feed
from northstar.ingest.partner.reading import FileRefused, Reading, Verdict, judge, until_hopeless
from northstar.ingest.partner.records import Rejected
from northstar.ingest.partner.state import Content, Seen, State, as_origin
from northstar.ingest.partner.tables import (
    FILE,
    REJECTED_RECORD,
    FileEvent,
    Sequence64,
    Stamp,
    file_table,
    rejected_table,
    row_table,
    withdrawn_table,
)

MAX_ROWS = 250_000
"""A batch ends with the file that reaches this; one larger file is a batch of its own."""
MAX_FILES = 500
_ROWS_A_WRITE = 50_000


class BatchBuilder:
    """Writes the files of one load and keeps its account.

    A file is the unit.  A changed one withdraws every row of the content that it held (``D``, with the feed's key
    columns) before it brings its own (``I``): both in one load, so that no state in between is ever seen, and without
    comparing rows, which have no identity across versions but their place in a file.  A content that another file
    still stands for is not withdrawn.  A deleted file withdraws nothing: partners and lifecycle rules clear buckets
    of what was delivered, and payments do not become undone by that.
    """

    def __init__(
        self,
        bucket: Bucket,
        feeds: tuple[Feed, ...],
        state: State,
        ledger: LedgerView,
        writer: LoadWriter,
        sequence: Sequence64,
    ) -> None:
        self._bucket, self._feeds, self._state, self._ledger = bucket, feeds, state, ledger
        self._writer, self._sequence = writer, sequence
        self._events: list[FileEvent] = []
        self._entries: list[Seen] = []
        self._noted: dict[tuple[str, str, str], list[str]] = {}
        self._rows = 0

    @property
    def full(self) -> bool:
        """Whether the batch should be loaded before more is added."""
        return self._rows >= MAX_ROWS or len(self._events) >= MAX_FILES

    @property
    def empty(self) -> bool:
        """Whether nothing was added."""
        return not self._events

    def change(self, version: Version, feed: Feed | None) -> None:
        """Take in a new or changed object.  Raises ObjectChanged when it is no longer as listed."""
        if feed is None:
            ignored = Seen(version.key, status.IGNORED, version.etag, version.size)
            self._settle(version, ignored, "no feed declares this name")
            self._note(FILE, "file_ignored", "No feed declares these files; they are left alone", version.key)
            return
        fresh = Seen(
            version.key, status.LOADED, version.etag, version.size, feed=feed.name, fingerprint=feed.fingerprint
        )
        if version.size > MAX_CONTENT_BYTES:
            self._refuse(version, feed, fresh, str(FileRefused(f"the file cannot be read: {TOO_LARGE}")))
            return
        with closing(self._bucket.download(version)) as download:
            failpoints.reach("after_download")
            fresh = replace(fresh, version_id=download.version_id, sha256=download.sha256)
            content = (feed.object, download.sha256)
            if download.defect is not None:
                self._refuse(version, feed, fresh, str(FileRefused(f"the file cannot be read: {download.defect}")))
            elif holders := self._state.holders(content):
                self._duplicate(version, feed, fresh, content, min(holders))
            else:
                self._judge(version, feed, fresh, content, download)

    def delete(self, seen: Seen, at: datetime) -> None:
        """Mark a file that is listed no more; its rows stay, unless a file of another name has taken them over."""
        gone = replace(seen, status=status.DELETED)
        self._record(FileEvent("U", to_naive_utc(at), gone, "no longer in the bucket"), gone)
        if seen.status != status.IGNORED:
            self._note(
                FILE, "file_deleted", "Files vanished from the bucket; their rows stay. To withdraw rows, put a file "
                "with a header and no records under the same name", seen.file,
            )  # fmt: skip
        if seen.holds is not None:
            self._release(seen.holds)

    def finish(self) -> list[Notice]:
        """Write the account of files, with the state that the ledger shall keep."""
        table = file_table(self._events, self._sequence)
        self._writer.write(FILE, table, origin=as_origin(self._entries))
        return [
            Notice(
                object, kind, f"{text} ({len(files)} files, first {files[0]})" if files[1:] else f"{text} ({files[0]})"
            )
            for (object, kind, text), files in self._noted.items()
        ]

    def _judge(self, version: Version, feed: Feed, fresh: Seen, content: Content, download: Download) -> None:
        verdict = judge(download.file, download.size, feed)
        failpoints.reach("after_judge")
        fresh = replace(fresh, encoding=verdict.encoding, rejected=verdict.bad.total())
        if verdict.refusal is not None:
            for rejected in self._bad_records(verdict, feed, download):
                self._write_rejected(version, feed, fresh, rejected)
            self._refuse(version, feed, fresh, verdict.refusal)
            return
        self._withdraw_for(version, content)
        # A file without records stands for nothing: all such files are alike, and no duplicates of each other.
        fresh = replace(fresh, holds=content if verdict.good else None, rows=verdict.good)
        self._write_rows(version, feed, fresh, download)
        self._settle(version, fresh, self._explain(feed, version.key, verdict))

    def _bad_records(self, verdict: Verdict, feed: Feed, download: Download) -> Iterator[list[Rejected]]:
        """The bad records of a refused file, as far as it was read."""
        if verdict.header is not None:
            yield [verdict.header]
        if verdict.layout is not None:
            for chunk in until_hopeless(Reading(download.file, feed).chunks(), download.size, feed):
                yield chunk.rejected

    def _explain(self, feed: Feed, file: str, verdict: Verdict) -> str | None:
        """Note what is unusual about a loaded file."""
        remarks = []
        if verdict.bad:
            reasons = ", ".join(f"{count} {reason}" for reason, count in verdict.bad.most_common())
            remarks.append(f"{verdict.bad.total()} of {verdict.records} records rejected ({reasons})")
            self._note(feed.object, "records_rejected", "Bad records were kept in rejected_record and not loaded", file)
        assert verdict.layout is not None
        if verdict.layout.extra:
            names = ", ".join(verdict.layout.extra)
            remarks.append(f"undeclared columns {names}")
            self._note(feed.object, "extra_columns", f"Undeclared columns were landed as {names}", file)
        if verdict.layout.missing:
            names = ", ".join(verdict.layout.missing)
            remarks.append(f"missing optional columns {names}")
            self._note(feed.object, "missing_columns", f"Optional columns {names} are not in the file: NULL", file)
        return "; ".join(remarks) or None

    def _refuse(self, version: Version, feed: Feed, fresh: Seen, why: str) -> None:
        """Keep what the key stood for before."""
        before = self._state.get(version.key)
        refused = replace(fresh, status=status.REFUSED, holds=before.holds if before else None)
        self._settle(version, refused, why)
        self._note(feed.object, "file_refused", f"Nothing of the file is loaded: {why}", version.key)

    def _duplicate(self, version: Version, feed: Feed, fresh: Seen, content: Content, holder: str) -> None:
        self._withdraw_for(version, content)
        again = version.key in self._state.holders(content)
        message = "the same content as before" if again else f"the same content as {holder}"
        self._settle(version, replace(fresh, status=status.DUPLICATE, holds=content), message)
        self._release(content)
        if not again:
            self._note(feed.object, "file_duplicate", "The content is loaded already under another name", version.key)

    def _settle(self, version: Version, fresh: Seen, message: str | None) -> None:
        """Record a version's fate, and that it takes the place of the one before it."""
        at = to_naive_utc(version.modified)
        before = self._state.get(version.key)
        again = before is not None and (before.etag, before.version_id) == (fresh.etag, fresh.version_id)
        if before is not None and before.status != status.DELETED and not again:
            replaced = replace(before, status=status.SUPERSEDED)
            self._events.append(FileEvent("U", at, replaced, "replaced by another version"))
        self._record(FileEvent("U" if again else "I", at, fresh, message), fresh)

    def _record(self, event: FileEvent, entry: Seen) -> None:
        self._events.append(event)
        self._entries.append(entry)
        self._state.put(entry)

    def _release(self, content: Content) -> None:
        """Let deleted names give up a content that a standing file has too: it was renamed."""
        for entry in list(self._state.released(content)):
            self._entries.append(entry)
            self._state.put(entry)

    def _note(self, object: str, kind: str, text: str, file: str) -> None:
        self._noted.setdefault((object, kind, text), []).append(file)

    def _withdraw_for(self, version: Version, content: Content) -> None:
        """Write D rows for the content that this key held, if no other file stands for it."""
        before = self._state.get(version.key)
        held = before.holds if before else None
        if held is None or held == content or self._state.holders(held) != {version.key}:
            return
        object, sha256 = held
        feed = next(feed for feed in self._feeds if feed.object == object)
        live = iter(
            self._ledger.live_rows(object, ("_sha256", "_row"), ("_seq",), ("_file", *feed.key), ("_sha256", {sha256}))
        )
        at = to_naive_utc(version.modified)
        while rows := list(islice(live, _ROWS_A_WRITE)):
            stamp = Stamp("D", at, rows[0][2], sha256)
            table = withdrawn_table(stamp, feed, [(row[1], *row[3:]) for row in rows], self._sequence)
            self._writer.write(object, table)
            self._rows += len(rows)
        self._note(
            object, "file_replaced", "Files were replaced; the rows of the old content are withdrawn", version.key
        )

    def _write_rows(self, version: Version, feed: Feed, fresh: Seen, download: Download) -> None:
        reading = Reading(download.file, feed)
        stamp = Stamp("I", to_naive_utc(version.modified), version.key, fresh.sha256)
        numbers: list[int] = []
        values: list[list[str]] = []

        def flush() -> None:
            if numbers:
                table = row_table(stamp, feed, reading.layout, numbers, values, self._sequence)
                self._writer.write(feed.object, table)
                self._rows += len(numbers)
                numbers.clear()
                values.clear()

        for chunk in reading.chunks():
            numbers += chunk.numbers
            values += chunk.values
            self._write_rejected(version, feed, fresh, chunk.rejected)
            if len(numbers) >= _ROWS_A_WRITE:
                flush()
        flush()

    def _write_rejected(self, version: Version, feed: Feed, fresh: Seen, rejected: list[Rejected]) -> None:
        if rejected:
            stamp = Stamp("I", to_naive_utc(version.modified), version.key, fresh.sha256)
            table = rejected_table(stamp, feed, fresh.encoding, rejected, self._sequence)
            self._writer.write(REJECTED_RECORD, table)
