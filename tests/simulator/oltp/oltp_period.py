"""The time that the worked company of these tests lives through."""

from datetime import UTC, datetime, timedelta

ANCHOR = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
END = ANCHOR + timedelta(hours=18)
