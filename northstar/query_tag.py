"""The query tag of Snowflake's sessions: in the query history, what a run sent is found by its run id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlglot import exp

_tags: list[str] = []


@contextmanager
def tagged(tag: str) -> Iterator[None]:
    """Let every session that sends something in the block carry a tag, say the id of a tick's run."""
    _tags.append(tag)
    try:
        yield
    finally:
        _tags.pop()


def set_tag(session: Any) -> None:
    """Set a session's tag before it sends something: once for each session and tag, as sessions outlive a run."""
    if _tags and getattr(session, "northstar_tag", None) != _tags[-1]:
        with session.cursor() as cursor:
            cursor.execute(f"ALTER SESSION SET QUERY_TAG = {exp.Literal.string(_tags[-1]).sql('snowflake')}")
        session.northstar_tag = _tags[-1]
