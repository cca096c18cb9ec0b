"""Why something failed, in one line that holds no data values: databases quote the value that they choke on."""

from __future__ import annotations

import duckdb
from sqlmesh.utils.errors import SQLMeshError

_SAFE = (
    SQLMeshError,
    duckdb.OperationalError,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.PermissionException,
)
"""Errors that speak of models, columns, files and the machine."""

_SNOWFLAKE_DATA_ERRORS = range(100_000, 101_000)
"""Numbers of what goes wrong while a statement runs, as 100038, ``Numeric value 'x' is not recognized``."""


def speaks_of_data(error: BaseException) -> bool:
    """Whether it is a database's error in whose text a value may stand."""
    if isinstance(error, duckdb.Error):
        return not isinstance(error, _SAFE)
    return type(error).__module__.startswith("snowflake.connector") and (
        getattr(error, "errno", None) in _SNOWFLAKE_DATA_ERRORS
    )


def reason(error: BaseException) -> str:
    """What an error says, as far as it may be shown.

    One line: an audit's error goes on with its query, and a query's with its text.
    """
    lines = str(error).strip().splitlines()
    if isinstance(error, _SAFE) and lines:
        return lines[0][:300]
    kind = type(error).__name__
    return f"{kind}; its text may hold data and is not shown: evaluate the model to see it (sqlmesh evaluate)"
