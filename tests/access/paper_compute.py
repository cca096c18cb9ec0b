"""What an account on paper keeps of things that have properties, and how it shows them."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SHOWN = {"XSMALL": "X-Small", "SMALL": "Small", "MEDIUM": "Medium", "XXLARGE": "2X-Large"}
"""How SHOW WAREHOUSES spells sizes."""
STATEMENT = re.compile(
    r"(CREATE|ALTER) (WAREHOUSE|RESOURCE MONITOR|DATABASE|SCHEMA|STORAGE INTEGRATION|STAGE|USER)(?: IF NOT EXISTS)? "
    r'((?:NORTHSTAR\.)?(?:"[^"]+"|\w+)(?:\.\w+)?) (?!SET TAG)(.*);'
)


@dataclass
class PaperCompute:
    """Objects by kind and name, with the properties that statements gave them."""

    objects: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def run(self, line: str) -> bool:
        """Keep what a statement sets.  Returns False for one that is not of these."""
        found = STATEMENT.fullmatch(line)
        if found is None:
            return False
        verb, kind, name, rest = found.groups()
        key = (kind, name.replace('"', "").upper())
        if verb == "CREATE" and key in self.objects:
            return True  # IF NOT EXISTS
        assert verb == "CREATE" or key in self.objects, f"{key} does not exist"
        given = dict(re.findall(r"(\w+) = \(?('(?:[^']|'')*'|\w+)", rest))
        given = {name: value.strip("'").replace("''", "'") for name, value in given.items()}
        given |= {f"{action} at": percent for percent, action in re.findall(r"ON (\d+) PERCENT DO (\w+)", rest)}
        if "MANAGED ACCESS" in rest:
            given["options"] = "MANAGED ACCESS"
        if monitor := given.get("RESOURCE_MONITOR"):
            assert ("RESOURCE MONITOR", monitor) in self.objects, f"there is no monitor {monitor}"
        if found := given.get("STORAGE_INTEGRATION"):
            allowed = self.objects["STORAGE INTEGRATION", found]["STORAGE_ALLOWED_LOCATIONS"]
            assert given["URL"].startswith(allowed), f"{found} is not allowed into {given['URL']}"
        if "DEFAULT_WAREHOUSE" in given:
            assert ("WAREHOUSE", given["DEFAULT_WAREHOUSE"]) in self.objects
        self.objects.setdefault(key, {}).update(given)
        return True

    def ask(self, statement: str) -> Iterable[Mapping[str, Any]] | None:
        """Rows of a SHOW; None for one that is not of these."""
        if found := re.match(r"SHOW PARAMETERS LIKE '(\w+)' IN WAREHOUSE (\w+)", statement):
            return [{"key": found[1], "value": self.objects["WAREHOUSE", found[2]].get(found[1], "172800")}]
        if statement == "SHOW WAREHOUSES":
            return [_warehouse(name, given) for name, given in self._of("WAREHOUSE")]
        if statement == "SHOW RESOURCE MONITORS":
            return [_monitor(name, given) for name, given in self._of("RESOURCE MONITOR")]
        if statement == "SHOW DATABASES":
            return [_retained(name, given) for name, given in self._of("DATABASE")]
        if statement.startswith("SHOW SCHEMAS IN DATABASE"):
            return [_retained(name.rpartition(".")[2], given) for name, given in self._of("SCHEMA")]
        if statement == "SHOW STORAGE INTEGRATIONS":
            return [{"name": name} for name, _ in self._of("STORAGE INTEGRATION")]
        if found := re.match(r"DESCRIBE (STORAGE INTEGRATION|USER) (\w+)", statement):
            value = "value" if found[1] == "USER" else "property_value"
            given = self.objects[found[1], found[2]]
            return [{"property": name, value: shown} for name, shown in _described(found[1], given).items()]
        if statement == "SHOW STAGES IN SCHEMA NORTHSTAR.OPS":
            return [
                {
                    "name": name.rpartition(".")[2],
                    "url": given["URL"],
                    "storage_integration": given.get("STORAGE_INTEGRATION"),
                }
                for name, given in self._of("STAGE")
            ]
        if found := re.match(r"SHOW USERS LIKE '(\w+)'", statement):
            return [{"name": name} for name, _ in self._of("USER") if name == found[1]]
        return None

    def _of(self, kind: str) -> list[tuple[str, dict[str, str]]]:
        return [(name, given) for (of, name), given in self.objects.items() if of == kind]


def _warehouse(name: str, given: Mapping[str, str]) -> dict[str, str]:
    return {
        "name": name, "size": SHOWN[given["WAREHOUSE_SIZE"]], "min_cluster_count": given["MIN_CLUSTER_COUNT"],
        "max_cluster_count": given["MAX_CLUSTER_COUNT"], "auto_suspend": given.get("AUTO_SUSPEND", "600"),
        "auto_resume": given["AUTO_RESUME"].lower(), "resource_monitor": given.get("RESOURCE_MONITOR", "null"),
        "comment": given["COMMENT"],
    }  # fmt: skip


def _monitor(name: str, given: Mapping[str, str]) -> dict[str, str]:
    return {
        "name": name, "credit_quota": f"{given['CREDIT_QUOTA']}.00", "notify_at": f"{given['NOTIFY at']}%",
        "suspend_at": f"{given['SUSPEND at']}%", "suspend_immediately_at": f"{given['SUSPEND_IMMEDIATE at']}%",
    }  # fmt: skip


def _described(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """What Snowflake makes of what it was given: an identity of its own, and of a key the fingerprint."""
    if kind == "USER":
        fingerprint = hashlib.sha256(base64.b64decode(given["RSA_PUBLIC_KEY"])).digest()
        return {
            "DEFAULT_ROLE": "null",
            **given,
            "RSA_PUBLIC_KEY_FP": f"SHA256:{base64.b64encode(fingerprint).decode()}",
        }
    return {
        **given,
        "ENABLED": given["ENABLED"].lower(),
        "STORAGE_AWS_IAM_USER_ARN": "arn:aws:iam::999999999999:user/snowflake",
        "STORAGE_AWS_EXTERNAL_ID": "ORG_ACCOUNT_SFCRole=1",
    }


def _retained(name: str, given: Mapping[str, str]) -> dict[str, str]:
    return {"name": name, "retention_time": given["DATA_RETENTION_TIME_IN_DAYS"], "options": given.get("options", "")}
