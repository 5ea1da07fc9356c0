"""A request's terms, in the playground of a whole Stoa: its cost before and after, what is left of a limit, what is saved."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.journeys.conftest import RunningStoa
from tests.journeys.provider import provider
from tests.page.browsing import chromium, opened

pytestmark = pytest.mark.slow

APPLIED = """
kind: Provider
name: priced
base_url: {url}
---
kind: Model
name: priced
provider: priced
price:
  input_per_million: "3"
  output_per_million: "15"
---
kind: Limit
name: ten-a-day
scope: user
requests: 10
per: day
"""


@pytest.fixture(scope="module")
def stoa(plain_stoa: RunningStoa, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStoa]:
    with provider("red", words=8, pause_s=0.5, usage=(30, 40)) as upstream:
        manifest = tmp_path_factory.mktemp("applied") / "terms.yaml"
        manifest.write_text(APPLIED.format(url=upstream.url))
        applied = plain_stoa.stoa("apply", "-f", str(manifest))
        assert applied.returncode == 0, applied.stderr
        yield plain_stoa
        assert plain_stoa.stoa("delete", "limit", "ten-a-day").returncode == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, stoa: RunningStoa) -> Iterator[Page]:
    with opened(browser, stoa.url) as page:
        page.goto(stoa.sign_in_link())
        page.get_by_role("link", name="Playground").click()
        page.get_by_role("button", name="Take target 2 away").click()
        target(page).get_by_role("button", name="Ask: ").click()
        page.get_by_role("menuitemradio", name="priced").click()
        yield page


def target(page: Page) -> Locator:
    return page.get_by_role("article", name="Target 1")


def said(page: Page, name: str) -> Locator:
    """What stands under a figure's or a term's name."""
    return target(page).locator("dl > div", has=page.get_by_text(name, exact=True)).locator("dd")


def ask(page: Page, question: str) -> None:
    page.get_by_label("Message 1", exact=True).fill(question)
    page.keyboard.press("Control+Enter")


def ended(page: Page) -> None:
    expect(target(page)).to_have_attribute("aria-busy", "false")
    expect(said(page, "Total")).to_have_text(re.compile(r"^[\d.]+ m?s$"))


def test_a_request_tells_what_it_will_cost_what_it_cost_what_is_left_and_what_the_next_saves(page: Page) -> None:
    ask(page, "How warm may it be?")
    expect(said(page, "Expected")).to_have_text(re.compile(r"^≈ \d+ tokens in, \$0\.0\d+$"))
    expect(target(page)).to_have_attribute("aria-busy", "true")  # the answer is still coming
    expect(said(page, "Limit")).to_have_text("9 of 10 requests left")
    expect(said(page, "Cache")).to_have_text("kept for 1 h")
    ended(page)
    for figure, value in (("In", "30"), ("Out", "40"), ("Cost", "$0.00069")):
        expect(said(page, figure)).to_have_text(value)

    ask(page, "How warm may it be?")
    expect(said(page, "Cache")).to_have_text(re.compile(r"^answer \d+ s old, kept 1 h more, saved \$0\.00069$"))
    ended(page)
    expect(target(page)).to_contain_text("from the cache")
    expect(said(page, "Limit")).to_have_text("8 of 10 requests left")
    expect(said(page, "Cost")).to_have_text("$0.00")

    for left in range(7, -1, -1):
        ask(page, "How warm may it be?")
        expect(said(page, "Limit")).to_have_text(f"{left} of 10 requests left")
        ended(page)
    ask(page, "How warm may it be?")
    expect(target(page)).to_contain_text("429 Failed")
    refusal = target(page).get_by_role("alert")
    expect(refusal).to_contain_text("may make 10 requests a day and has made 10. The next is taken in")
    expect(refusal).to_contain_text("ten-a-day")
    expect(said(page, "Limit")).to_have_text("0 of 10 requests left")
    expect(said(page, "Cost")).to_have_text("none")
