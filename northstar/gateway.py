"""What gateway snowflake needs from the environment; config.yaml asks for the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ACCOUNT = ("NORTHSTAR_SNOWFLAKE_ACCOUNT", "NORTHSTAR_SNOWFLAKE_USER")
"""What a connection to the account needs beside the key."""
REQUIRED = (*ACCOUNT, "NORTHSTAR_STATE_HOST", "NORTHSTAR_STATE_USER")
"""Without a default, beside the key."""
KEYS = ("NORTHSTAR_SNOWFLAKE_KEY", "NORTHSTAR_SNOWFLAKE_KEY_PATH")
"""The private key in PEM, or the file that holds it: one of the two."""


def is_snowflake(environment: Mapping[str, str]) -> bool:
    """Whether the gateway that is chosen is Snowflake."""
    return environment.get("NORTHSTAR_GATEWAY", "duckdb") == "snowflake"


def require(environment: Mapping[str, str]) -> None:
    """Raise ValueError, before anything is connected to, when gateway snowflake lacks something."""
    if lacks := missing(environment):
        raise ValueError(f"gateway snowflake: {'; '.join(lacks)} (docs/snowflake.md)")


def missing(environment: Mapping[str, str], required: Sequence[str] = REQUIRED) -> list[str]:
    """What gateway snowflake still needs, as sentences."""
    lacks = [f"{name} is not set" for name in required if not environment.get(name)]
    given = [name for name in KEYS if environment.get(name)]
    if len(given) != 1:
        lacks.append(f"{' or '.join(KEYS)} is to be set, one of the two; {len(given)} are")
    return lacks
