"""GitHub's REST interface as far as SQLMesh's bot uses it, on 127.0.0.1: one pull request, its comments and checks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from northstar.simulator.loopback import Request, Response

REPOSITORY = "northstar/warehouse"
NUMBER = 7
HEAD = "c0ffee" * 6 + "c0ff"


@dataclass
class GitHub:
    """What GitHub holds; a request for anything else is answered with 404, as GitHub does."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Requests that GitHub would not have understood either."""

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        assert request.headers["Authorization"] == "token of-this-run"
        method, base = request.method, f"/repos/{REPOSITORY}"
        match method, request.path.removeprefix(base).strip("/").split("/"):
            case "GET", ["pulls", number] if int(number) == NUMBER:
                return Response.of_json(self._pull_request())
            case "GET", ["pulls", _, "reviews"]:
                return Response.of_json([])
            case "GET", ["issues", number] if int(number) == NUMBER:
                return Response.of_json({"number": NUMBER, "url": f"{self.url}{base}/issues/{NUMBER}"})
            case "GET", ["issues", _, "comments"]:
                return Response.of_json(self.comments)
            case "POST", ["issues", _, "comments"]:
                return Response.of_json(self._keep(self.comments, "issues/comments", request.json()), 201)
            case "POST", ["check-runs"]:
                return Response.of_json(self._keep(self.checks, "check-runs", request.json()), 201)
            case "PATCH", ["issues", "comments", number]:
                self.comments[int(number) - 1] |= request.json()
                return Response.of_json(self.comments[int(number) - 1])
            case "PATCH", ["check-runs", number]:
                self.checks[int(number) - 1] |= request.json()
                return Response.of_json(self.checks[int(number) - 1])
        self.unknown.append(f"{method} {request.path}")
        return Response.of_json({"message": "Not Found"}, 404)

    def write_event(self, file: Path) -> None:
        """What a runner finds of a pull request that was pushed to."""
        file.write_text(json.dumps({"action": "synchronize", "pull_request": self._pull_request()}))

    def _pull_request(self) -> dict[str, Any]:
        url = f"{self.url}/repos/{REPOSITORY}/pulls/{NUMBER}"
        return {
            "number": NUMBER,
            "state": "open",
            "url": url,
            "_links": {"self": {"href": url}},
            "base": {"ref": "main", "sha": "0" * 40},
            "head": {"ref": "holidays", "sha": HEAD},
        }

    def _keep(self, kept: list[dict[str, Any]], kind: str, told: dict[str, Any]) -> dict[str, Any]:
        number = len(kept) + 1
        kept.append({**told, "id": number, "url": f"{self.url}/repos/{REPOSITORY}/{kind}/{number}"})
        return kept[-1]
