"""Stripe's official client as the source uses it: pages of plain JSON, retried with patience, the version pinned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

import stripe

from northstar.ingest.contract import IngestError
from northstar.ingest.http import Retries
from northstar.ingest.stripe.columns import API_VERSION

Json = dict[str, Any]

PAGE = 100
"""Objects a page: the most that Stripe gives."""
_TIMEOUT_SECONDS = 80


class Missing(Exception):
    """Stripe does not know the id that was asked for, or knows it no longer."""


class StripeApi:
    """Reads from one Stripe account; counts its requests and keeps the server's own time.

    Uses ``raw_request`` of the official client: building its typed objects costs four times the parsing of the JSON.
    """

    def __init__(self, key: str, base: str | None, retries: Retries) -> None:
        self._http: Any = stripe.RequestsClient(timeout=_TIMEOUT_SECONDS)
        self._client = stripe.StripeClient(
            key,
            stripe_version=API_VERSION,
            base_addresses={"api": base} if base else {},
            max_network_retries=0,
            http_client=self._http,
        )
        self._retries = retries
        self.requests = 0
        """Requests made, those that failed included."""
        self.server_time = datetime.fromtimestamp(0, UTC)
        """The server's clock at its last answer."""

    def get(self, path: str, **parameters: Any) -> Json:
        """One object or one page.  Raises Missing for an unknown id and IngestError for everything that is final."""

        def request() -> Json:
            self.requests += 1
            response = self._client.raw_request("get", path, **parameters)
            date = response.headers.get("Date")
            if date:
                self.server_time = parsedate_to_datetime(date)
            return cast(Json, response.data)

        try:
            return self._retries.call(request, _wait_for, f"Stripe {path}")
        except stripe.StripeError as error:
            if error.code == "resource_missing":
                raise Missing(path) from error
            raise _final(path, error) from error

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def newer(self, path: str, than: str) -> Iterator[Json]:
        """Everything that a list holds before an id, oldest first.  Raises Missing when the id is not in the list."""
        while True:
            page = self.get(path, limit=PAGE, ending_before=than)
            yield from reversed(page["data"])
            if not page["has_more"]:
                return
            than = page["data"][0]["id"]

    def listed(self, path: str, after: str | None = None, **parameters: Any) -> Iterator[Json]:
        """Everything in a list from its beginning, or from behind an id.  Raises Missing as :meth:`newer` does."""
        while True:
            cursor = {} if after is None else {"starting_after": after}
            page = self.get(path, limit=PAGE, **cursor, **parameters)
            yield from page["data"]
            if not page["has_more"]:
                return
            after = page["data"][-1]["id"]


def _wait_for(error: Exception) -> float | None:
    """How a failed request is retried (see Retries)."""
    if isinstance(error, stripe.APIConnectionError):
        return 0.0
    if not isinstance(error, stripe.StripeError):
        return None
    status = error.http_status or 0
    if status in (409, 429) or status >= 500:
        asked = (error.headers or {}).get("Retry-After", "")
        return float(asked) if asked.replace(".", "", 1).isdigit() else 0.0
    return None


def _final(path: str, error: stripe.StripeError) -> IngestError:
    """An error that will not pass by itself, without the server's message, which may quote data."""
    told = f"status {error.http_status}, code {error.code}, request {error.request_id}"
    if isinstance(error, stripe.AuthenticationError):
        return IngestError(f"Stripe refused the key in NORTHSTAR_STRIPE_API_KEY ({told})")
    if isinstance(error, stripe.PermissionError):
        return IngestError(f"the key in NORTHSTAR_STRIPE_API_KEY may not read {path}; grant it read access ({told})")
    return IngestError(f"Stripe {path} failed: {type(error).__name__} ({told})")
