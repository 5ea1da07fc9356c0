"""Debian's Chromium for tests, and what every page must hold: no error in the console, no breach of the security policy."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

_BROWSERS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
CHROMIUM = next((browser for browser in _BROWSERS if browser.exists()), _BROWSERS[0])
"""Debian's. The one that never has a window takes half the time of the whole browser for the same pages."""
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_PATIENCE_MS = 30_000
_ONE_ROW = """() => {
  const bar = document.querySelector("header");
  const parts = [...bar.children].filter((part) => getComputedStyle(part).position !== "fixed");
  const boxes = parts.map((part) => part.getBoundingClientRect());
  const apart = boxes.every((box, i) => i === 0 || box.left >= boxes[i - 1].right);
  const texts = [...bar.querySelectorAll("a span, button span, p span")].filter((text) => text.offsetWidth > 1);
  const whole = texts.every((text) => text.offsetHeight < 32 && text.scrollWidth <= text.offsetWidth);
  return apart && whole && bar.scrollWidth <= bar.clientWidth;
}"""
# A refused request shows up in the console by itself; what the page makes of it is what tests look at.
_REFUSED = re.compile(
    r"Failed to load resource: the server responded with a status of [45]\d\d|net::ERR_(FAILED|INCOMPLETE|CONNECTION)"
)


def need(path: Path, how: str) -> None:
    """Skip the test where something it needs is missing; where CI runs, fail."""
    if path.exists():
        return
    reason = f"{path} is missing: {how}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def chromium() -> Iterator[Browser]:
    need(CHROMIUM, "apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """A page of a fresh context, relative to `url`. Fails afterwards if the page has met an error."""
    context = browser.new_context(base_url=url, **{"viewport": {"width": 1280, "height": 800}} | options)
    context.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    try:
        yield page
    finally:
        context.close()
    assert [error for error in errors if not _REFUSED.search(error)] == []


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA, as one line each."""
    need(AXE, "make web")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    # Of what passes it would tell every element too, which takes as long as finding out.
    found = page.evaluate("tags => axe.run({ runOnly: tags, resultTypes: ['violations'] })", tags)
    return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]


def is_wider_than_window(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def is_taller_than_window(page: Page) -> bool:
    """Then the top bar would scroll away with it; what is long scrolls in its own place."""
    return page.evaluate("document.documentElement.scrollHeight > window.innerHeight")


def bar_is_in_one_row(page: Page) -> bool:
    """Nothing in the bar is pushed out of it, over something else, or onto a second line, once the page has settled."""
    return page.evaluate(f"() => new Promise(told => requestAnimationFrame(() => setTimeout(() => told(({_ONE_ROW})()))))")


def has_focus(locator: Locator) -> None:
    """Wait until the element has its page's focus, whether or not the browser holds this page for the one in front."""
    for _ in range(_PATIENCE_MS // 100):
        if locator.evaluate("element => element === document.activeElement"):
            return
        locator.page.wait_for_timeout(100)
    pytest.fail(f"{locator} does not have the focus")


def becomes_true(page: Page, function: str, argument: Any = None) -> None:
    """Wait until it says so. Playwright's own waiting asks a second time by `eval`, which the page's policy forbids."""
    for _ in range(_PATIENCE_MS // 100):
        if page.evaluate(function, argument):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"not so within {_PATIENCE_MS} ms: {function}")
