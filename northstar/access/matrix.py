"""Who sees what: each role against each zone, and against each class of raw."""

from __future__ import annotations

import re

from northstar.access.account import ZONES, Account, Role
from northstar.contracts.classes import Classification, all_classes

CLEAR, MASKED, NOTHING = "clear", "masked", "nothing"
PAGE = "docs/security.md"
_BLOCK = re.compile(r"(<!-- access matrix[^\n]*-->\n)(.*?)(<!-- end of access matrix -->)", re.DOTALL)


def sees(role: Role, zone: str, found: Classification | None = None) -> str:
    """What a role sees of a column of this class in a zone; classes matter in raw only, where policies are."""
    if zone not in role.reads:
        return NOTHING
    return CLEAR if zone != "raw" or role.unmasked or (found is not None and found.is_open) else MASKED


def table(account: Account) -> str:
    """The matrix as Markdown."""
    columns = [zone for zone in ZONES if zone != "raw"]
    head = f"| role | raw: {' / '.join(_groups())} | {' | '.join(columns)} |"
    lines = [head, f"|{'---|' * (len(columns) + 2)}"]
    for role in account.roles.values():
        raw = " / ".join(dict.fromkeys(sees(role, "raw", found) for found in _groups().values()))
        cells = [sees(role, zone) if zone in role.reads else "" for zone in columns]
        lines.append(f"| `{role.name}` | {'' if raw == NOTHING else raw} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _groups() -> dict[str, Classification]:
    return {
        "public, internal": next(found for found in all_classes() if found.is_open),
        "all other": next(found for found in all_classes() if not found.is_open),
    }


def written(text: str) -> str:
    """The matrix that a page shows.  Raises ValueError when it has no place for one."""
    found = _BLOCK.search(text)
    if found is None:
        raise ValueError(f"{PAGE} has no block between '<!-- access matrix' and '<!-- end of access matrix -->'")
    return found[2]


def rewritten(text: str, account: Account) -> str:
    """The page with the matrix as it is now."""
    written(text)
    return _BLOCK.sub(lambda found: f"{found[1]}{table(account)}{found[3]}", text)
