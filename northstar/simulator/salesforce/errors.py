"""Errors in the shape in which Salesforce's REST API gives them."""

from __future__ import annotations

from northstar.simulator.loopback import Response


class ApiError(Exception):
    """Ends a request with a status and a list of one ``{"errorCode", "message"}``."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def response(self) -> Response:
        """The error as an HTTP response."""
        return Response.of_json([{"message": self.message, "errorCode": self.code}], self.status)


def session_expired() -> ApiError:
    """What any call without a valid token gets."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def not_found() -> ApiError:
    """What a path that leads nowhere gets."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def malformed(message: str) -> ApiError:
    """A query that is not SOQL."""
    return ApiError(400, "MALFORMED_QUERY", message)


def invalid_field(message: str) -> ApiError:
    """A query that names a field that is not there, or compares it with something of another type."""
    return ApiError(400, "INVALID_FIELD", message)
