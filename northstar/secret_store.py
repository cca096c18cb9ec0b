"""Secrets that AWS Secrets Manager keeps, put into the environment that the project's configuration reads.

``NORTHSTAR_SECRETS`` names them: ``NORTHSTAR_SNOWFLAKE_KEY=northstar/snowflake-key`` takes a whole secret,
``NORTHSTAR_STATE_PASSWORD=northstar/state#password`` one field of a secret that is a JSON object.  Several are
separated by commas.  What the environment has already is left alone, so that a person can put another in its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping

import boto3
from botocore.exceptions import BotoCoreError, ClientError

VARIABLE = "NORTHSTAR_SECRETS"


class SecretError(ValueError):
    """A secret that is named cannot be had.  The message names it and says why, without its value."""


def resolve(environment: MutableMapping[str, str]) -> list[str]:
    """Put every secret that ``NORTHSTAR_SECRETS`` names into the environment; returns the variables that were set.

    Raises SecretError, before anything is set, when one cannot be had.
    """
    wanted = {name: where for name, where in _named(environment) if not environment.get(name)}
    if not wanted:
        return []
    client = boto3.client("secretsmanager")
    texts: dict[str, str] = {}
    for where in wanted.values():
        identifier = where.partition("#")[0]
        if identifier not in texts:
            try:
                texts[identifier] = client.get_secret_value(SecretId=identifier)["SecretString"]
            except (BotoCoreError, ClientError) as error:
                raise SecretError(f"{VARIABLE}: secret {identifier!r} cannot be read: {error}") from error
            except KeyError:
                raise SecretError(f"{VARIABLE}: secret {identifier!r} is binary; keep it as text") from None
    found = {name: _value(texts, where) for name, where in wanted.items()}
    environment.update(found)
    return sorted(found)


def _named(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for entry in filter(None, (part.strip() for part in environment.get(VARIABLE, "").split(","))):
        name, equals, where = entry.partition("=")
        if not (name and equals and where):
            raise SecretError(f"{VARIABLE}: write VARIABLE=secret or VARIABLE=secret#field, not {entry!r}")
        yield name, where


def _value(texts: Mapping[str, str], where: str) -> str:
    identifier, _, field = where.partition("#")
    if not field:
        return texts[identifier]
    try:
        return str(json.loads(texts[identifier])[field])
    except (ValueError, TypeError, KeyError):
        raise SecretError(f"{VARIABLE}: secret {identifier!r} is no JSON object with a field {field!r}") from None
