"""A headless Chromium that reports what goes wrong in a page and what a page asks the network for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Watched:
    """A page, and what it did that a reader would not like."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def chromium() -> str:
    """Where Chromium is; skips the test where there is none (.ci/run installs it)."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("no Chromium: .ci/run installs Debian's, elsewhere `apt-get install chromium`")
    return found


@contextmanager
def watched_page(width: int = 1280, height: int = 900, dark: bool = False) -> Iterator[Watched]:
    """A page in a browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
            )
            watched = Watched(page)
            page.on("console", lambda said: watched.errors.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: watched.errors.append(str(error)))
            page.on("request", lambda request: watched.requests.append(request.url))
            yield watched
        finally:
            browser.close()
