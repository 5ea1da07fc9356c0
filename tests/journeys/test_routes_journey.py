"""A route made in the page of a whole Stoa: tried, saved, used while one of its targets is away, and tried again."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.journeys.conftest import RunningStoa, wait_until
from tests.page.browsing import chromium, opened, violations

pytestmark = pytest.mark.slow

AWAY = """\
kind: Provider
name: away
base_url: http://127.0.0.1:9/v1
---
kind: Model
name: gone
provider: away
"""


@pytest.fixture(scope="module")
def stoa(plain_stoa: RunningStoa, tmp_path_factory: pytest.TempPathFactory) -> RunningStoa:
    file: Path = tmp_path_factory.mktemp("applied") / "away.yaml"
    file.write_text(AWAY)
    applied = plain_stoa.stoa("apply", "-f", str(file))
    assert applied.returncode == 0, applied.stderr
    return plain_stoa


@pytest.fixture
def page(stoa: RunningStoa) -> Iterator[Page]:
    with chromium() as browser, opened(browser, stoa.url) as one:
        one.goto(stoa.sign_in_link())
        one.get_by_role("link", name="Routes", exact=True).click()
        yield one


def tried(page: Page) -> Locator:
    page.get_by_role("button", name="Try it").click()
    return page.get_by_role("list", name="Where the request would go").get_by_role("listitem")


def test_a_route_is_made_tried_and_used_while_a_target_is_away(stoa: RunningStoa, page: Page) -> None:
    page.get_by_role("link", name="New", exact=True).click()
    page.get_by_label("Name", exact=True).fill("steady")
    page.get_by_label("Strategy").select_option("ordered")
    page.get_by_role("listitem", name="Target 1").get_by_label("Model").select_option("gone")
    page.get_by_role("button", name="Add a target").click()
    page.get_by_role("listitem", name="Target 2").get_by_label("Model").select_option("stoa-embed")
    page.get_by_text("Circuit breaker").click()
    page.get_by_label("Failures in a row").fill("1")
    page.get_by_label("Until the first probe").fill("100")
    page.get_by_role("button", name="Review and save").click()
    expect(page.get_by_role("alert")).to_contain_text("one route has one")
    page.get_by_role("listitem", name="Target 2").get_by_label("Model").select_option("stoa-reader")
    steps = tried(page)
    expect(steps.nth(0)).to_contain_text("gone")
    expect(steps.nth(0)).to_contain_text("Number 1 in the route's order")
    page.get_by_role("button", name="Review and save").click()
    page.get_by_role("dialog").get_by_role("button", name="Make it").click()
    page.get_by_role("region", name="steady").wait_for()

    key = stoa.key("routes-journey")

    def answered() -> bool:
        body = {"model": "steady", "messages": [{"role": "user", "content": "Hello"}]}
        answer = httpx.post(f"{stoa.url}/v1/chat/completions", json=body, headers={"authorization": f"Bearer {key}"})
        return answer.headers.get("x-stoa-model") == "stoa-reader"

    wait_until(answered, "the route is served and the second target answers")
    steps = tried(page)
    expect(steps.nth(0)).to_contain_text("stoa-reader")
    expect(steps.nth(1)).to_contain_text("Passed over")
    expect(steps.nth(1)).to_contain_text("left alone after")
    assert violations(page) == []

    page.get_by_role("link", name="Models", exact=True).click()
    gone = page.get_by_role("row", name="gone")
    expect(gone).to_contain_text("left alone for")
    expect(gone).to_contain_text("100 %")
    expect(page.get_by_role("row", name="stoa-reader")).to_contain_text("Healthy")
    gone.get_by_role("button").click()
    expect(page.get_by_role("definition").filter(has=page.get_by_role("link", name="steady"))).to_be_visible()

    page.get_by_role("link", name="Providers", exact=True).click()
    away = page.get_by_role("article", name="away")
    expect(away).to_contain_text("http://127.0.0.1:9/v1")
    expect(away).to_contain_text("Left alone for")
