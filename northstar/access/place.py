"""What belongs to one place: the landing zone on S3, and the user that runs ticks.  The values are settings."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from northstar.access.account import Account
from northstar.access.compute import Thing

LANDING = "NORTHSTAR_LANDING"
AWS_ROLE = "NORTHSTAR_SNOWFLAKE_AWS_ROLE"
TICK_KEY = "NORTHSTAR_SNOWFLAKE_TICK_KEY"

INTEGRATION = "NORTHSTAR_LANDING"
"""What lets the account into the landing zone, as the AWS role of the setting."""
TICK_USER, TICK_ROLE, TICK_WAREHOUSE = "NORTHSTAR_TICK", "TRANSFORMER", "TRANSFORM"
_TICK_COMMENT = "northstar tick, by key pair"


@dataclass(frozen=True)
class Place:
    """The values of one place; none is secret."""

    landing: str
    """URL of the landing zone, with a slash at its end."""
    aws_role: str
    """ARN of the role that Snowflake takes on to read it."""
    tick_key: str
    """The public half of the tick's key, as base64 of DER."""
    tick_fingerprint: str = ""
    """How Snowflake shows that key; of no place in particular there is none."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Place:
        """Read the settings.  Raises ValueError that names each one that is missing or is not what it should be."""
        given = {name: environment.get(name, "").strip() for name in (LANDING, AWS_ROLE, TICK_KEY)}
        lacks = [f"{name} is not set" for name, value in given.items() if not value]
        if given[LANDING] and not re.fullmatch(r"s3://[\w.-]+(/[\w./=-]*)?", given[LANDING]):
            lacks.append(f"{LANDING} is to be an s3:// URL, which Snowflake can read")
        if given[AWS_ROLE] and not re.fullmatch(r"arn:[\w-]+:iam::\d{12}:role/[\w+=,.@/-]+", given[AWS_ROLE]):
            lacks.append(f"{AWS_ROLE} is to be the ARN of a role of AWS")
        der = _public_key(given[TICK_KEY])
        if given[TICK_KEY] and not der:
            lacks.append(f"{TICK_KEY} is to be a public key in PEM")
        if lacks:
            raise ValueError(f"{'; '.join(lacks)} (docs/snowflake.md)")
        return cls(
            given[LANDING].rstrip("/") + "/",
            given[AWS_ROLE],
            base64.b64encode(der).decode(),
            f"SHA256:{base64.b64encode(hashlib.sha256(der).digest()).decode()}",
        )


ANY_PLACE = Place(f"&{{{LANDING}}}/", f"&{{{AWS_ROLE}}}", f"&{{{TICK_KEY}}}")
"""Names the settings instead of their values, in the notation of Snowflake's command line."""


def _public_key(pem: str) -> bytes:
    try:
        return load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except ValueError:
        return b""


def stage_name(account: Account) -> str:
    """The stage over the landing zone, which ``COPY INTO`` reads."""
    return f"{account.database}.OPS.LANDING"


def integration(place: Place) -> Thing:
    """Never replaced: AWS trusts the identity that Snowflake gave it when it was made."""
    what = f"STORAGE_AWS_ROLE_ARN = '{place.aws_role}' ENABLED = TRUE STORAGE_ALLOWED_LOCATIONS = ('{place.landing}')"
    return Thing(
        "STORAGE INTEGRATION",
        INTEGRATION,
        f"CREATE STORAGE INTEGRATION IF NOT EXISTS {INTEGRATION} TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = S3 {what};",
        (f"ALTER STORAGE INTEGRATION {INTEGRATION} SET {what};",),
        {
            "STORAGE_AWS_ROLE_ARN": place.aws_role,
            "ENABLED": "TRUE",
            "STORAGE_ALLOWED_LOCATIONS": place.landing,
        },
    )


def stage(account: Account, place: Place) -> Thing:
    """Over the whole landing zone, as its files are named from its root."""
    name, what = stage_name(account), f"URL = '{place.landing}' STORAGE_INTEGRATION = {INTEGRATION}"
    return Thing(
        "STAGE", name, f"CREATE STAGE IF NOT EXISTS {name} {what};", (f"ALTER STAGE {name} SET {what};",),
        {"url": place.landing, "storage_integration": INTEGRATION},
    )  # fmt: skip


def tick_user(place: Place) -> Thing:
    """A service: it has no password and cannot log in to Snowsight."""
    what = (
        f"TYPE = SERVICE DEFAULT_ROLE = {TICK_ROLE} DEFAULT_WAREHOUSE = {TICK_WAREHOUSE} "
        f"RSA_PUBLIC_KEY = '{place.tick_key}' COMMENT = '{_TICK_COMMENT}'"
    )
    return Thing(
        "USER",
        TICK_USER,
        f"CREATE USER IF NOT EXISTS {TICK_USER} {what};",
        (f"ALTER USER {TICK_USER} SET {what};",),
        {
            "TYPE": "SERVICE",
            "DEFAULT_ROLE": TICK_ROLE,
            "DEFAULT_WAREHOUSE": TICK_WAREHOUSE,
            "RSA_PUBLIC_KEY_FP": place.tick_fingerprint,
            "COMMENT": _TICK_COMMENT,
        },
    )


def tick_role_sql() -> str:
    """Its only role."""
    return f"GRANT ROLE {TICK_ROLE} TO USER {TICK_USER};"
