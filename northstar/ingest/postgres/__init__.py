"""The application's PostgreSQL as a source, read by snapshot and logical decoding."""

from northstar.ingest.postgres.settings import PostgresSettings
from northstar.ingest.postgres.source import PostgresSource, from_environment

__all__ = ["PostgresSettings", "PostgresSource", "from_environment"]
