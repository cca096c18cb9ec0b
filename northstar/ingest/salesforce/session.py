"""An HTTP session that stays logged in to Salesforce and outlives its passing troubles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from northstar.ingest.contract import IngestError
from northstar.ingest.http import Retries

_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_PASSING_CODES = frozenset({"SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT"})
_RENEWALS = 2
"""How often one request may find its token expired before the login itself is doubted."""
_TIMEOUT = (10.0, 180.0)
"""Seconds to connect, and to wait for the next bytes."""


@dataclass(frozen=True)
class Login:
    """How to log in: the OAuth 2.0 client credentials flow of an external client app."""

    url: str
    """The org's own domain, such as ``https://northstar.my.salesforce.com``."""
    client_id: str
    client_secret: str
    ca_file: str | None = None
    """PEM file of authorities to trust instead of the system's."""


class ServiceTrouble(Exception):
    """A failure that may pass: an overloaded service, a locked row, a gateway's error."""

    def __init__(self, least_wait: float) -> None:
        super().__init__()
        self.least_wait = least_wait
        """Seconds that Salesforce asked for, 0 when it did not."""


class RequestLimitExceeded(ServiceTrouble):
    """The org has used up its requests of the last 24 hours, or too many run at once."""


class SalesforceSession(requests.Session):
    """Adds the token, renews it on 401, and repeats requests that failed for a passing reason.

    Handed to simple-salesforce, whose calls all go through :meth:`request`.  That library can renew a token only
    when it logs in itself, which it does at salesforce.com alone, and repeats nothing.
    """

    def __init__(self, login: Login, retries: Retries) -> None:
        super().__init__()
        self._login = login
        self._retries = retries
        self._token = ""
        self.instance_url = ""
        """Where the org's API is, known after :meth:`log_in`."""
        self.org_id = ""
        self.server_time = datetime(1970, 1, 1, tzinfo=UTC)
        """The latest time that Salesforce has told."""

    def log_in(self) -> None:
        """Get a token.  Raises IngestError when Salesforce refuses the credentials or stays out of reach."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._login.client_id,
            "client_secret": self._login.client_secret,
        }
        response = self._patient("POST", f"{self._login.url}/services/oauth2/token", data=form)
        answer = _json(response)
        if response.status_code != 200 or not isinstance(answer, dict):
            code = answer.get("error") if isinstance(answer, dict) else None
            raise IngestError(
                f"Salesforce refused the login ({code or response.status_code}): check "
                "NORTHSTAR_SALESFORCE_LOGIN_URL, _CLIENT_ID and _CLIENT_SECRET"
            )
        try:
            token, instance, identity = answer["access_token"], answer["instance_url"], answer["id"]
        except KeyError as error:
            raise IngestError(f"Salesforce's token answer has no {error}") from None
        if self.instance_url and instance.rstrip("/") != self.instance_url:
            raise IngestError("the Salesforce org moved to another instance during the run; run again")
        self._token, self.instance_url, self.org_id = token, instance.rstrip("/"), identity.split("/")[-2]

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request with the token.

        Raises IngestError when it fails for a passing reason more often than patience allows; other errors are for
        the caller to see.
        """
        for _ in range(_RENEWALS + 1):
            headers = {**(kwargs.pop("headers", None) or {}), "Authorization": f"Bearer {self._token}"}
            response = self._patient(method, url, *args, headers=headers, **kwargs)
            if response.status_code != 401 or error_code(response) != "INVALID_SESSION_ID":
                return response
            self.log_in()
        raise IngestError("Salesforce keeps refusing tokens that it has just given: check the app's session policies")

    def _patient(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", _TIMEOUT)
        if self._login.ca_file is not None:
            # Per request, because REQUESTS_CA_BUNDLE in the environment goes over a session's own setting.
            kwargs["verify"] = self._login.ca_file

        def once() -> requests.Response:
            response = super(SalesforceSession, self).request(method, url, *args, **kwargs)
            self._note_time(response)
            _raise_if_passing(response)
            return response

        try:
            return self._retries.call(once, _least_wait, "Salesforce")
        except requests.exceptions.SSLError:
            raise IngestError(
                "Salesforce's certificate is not trusted: set NORTHSTAR_SALESFORCE_CA_FILE if a proxy answers for it"
            ) from None

    def _note_time(self, response: requests.Response) -> None:
        try:
            told = parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError):
            return
        self.server_time = max(self.server_time, told)


def error_code(response: requests.Response) -> str:
    """The errorCode of a refused request, or an empty string."""
    answer = _json(response)
    if isinstance(answer, list) and answer and isinstance(answer[0], dict):
        return str(answer[0].get("errorCode", ""))
    return ""


def _least_wait(error: Exception) -> float | None:
    """Whether a failure may pass, for :class:`Retries`."""
    if isinstance(error, ServiceTrouble):
        return error.least_wait
    if isinstance(error, requests.exceptions.SSLError):
        return None
    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return 0.0 if isinstance(error, passing) else None


def _raise_if_passing(response: requests.Response) -> None:
    if response.status_code < 400:
        return
    code = error_code(response)
    wait = response.headers.get("Retry-After", "")
    least = float(wait) if wait.isdecimal() else 0.0
    if code == "REQUEST_LIMIT_EXCEEDED":
        raise RequestLimitExceeded(least)
    if response.status_code in _PASSING_STATUS or code in _PASSING_CODES:
        raise ServiceTrouble(least)


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
