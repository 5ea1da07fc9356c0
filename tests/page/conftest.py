"""The built page in front of a double of the API (`web/dev/double`): every screen and state without the rest of Stoa."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.page.browsing import chromium, need, opened
from tests.shared_running import shared

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"


@pytest.fixture(scope="session")
def double() -> Iterator[str]:
    """The URL of a server of the page and the double. Each session in it begins with the same few documents."""
    need(ROOT / "src" / "stoa" / "api" / "page" / "index.html", "make web")
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    need(vite, "make web")
    environment = os.environ | {"NO_COLOR": "1", "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"}
    command = ["node", str(vite), "preview", "--mode", "double", "--host", "127.0.0.1", "--port", "0"]
    server = subprocess.Popen(command, cwd=WEB, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert server.stdout is not None
        printed = ""
        for line in server.stdout:
            printed += line
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield found[0]
                break
        else:
            pytest.fail(f"the double did not start:\n{printed}")
    finally:
        server.terminate()
        server.communicate(timeout=10)


@pytest.fixture(scope="module")
def browser() -> Browser:
    """One for all pages here. It ends with the last of them: while Playwright runs, no other test has an event loop."""
    return shared("browser", chromium)


@pytest.fixture
def open_page(browser: Browser, double: str) -> Iterator[Callable[..., Page]]:
    """Opens a page of nobody, with options of a browser context."""
    with ExitStack() as stack:

        def open_one(**options: Any) -> Page:
            return stack.enter_context(opened(browser, double, **options))

        yield open_one


@pytest.fixture
def sign_in(open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Opens a page with a fresh session, at the greeting."""

    def signed_in(**options: Any) -> Page:
        page = open_page(**options)
        page.goto("/sign-in?token=good")
        page.get_by_role("heading", name="What would you like to know?").wait_for()
        return page

    return signed_in


@pytest.fixture
def page(sign_in: Callable[..., Page]) -> Page:
    return sign_in()
