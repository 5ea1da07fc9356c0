"""The requests screen: a list that is filtered, and a request opened as a waterfall."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.page.browsing import is_wider_than_window, violations
from tests.page.test_everybody import LOOKS

pytestmark = pytest.mark.slow


@pytest.fixture
def requests(page: Page) -> Page:
    page.get_by_role("link", name="Requests").click()
    page.get_by_role("table", name="Requests").wait_for()
    return page


def rows(page: Page) -> Any:
    return page.get_by_role("table", name="Requests").get_by_role("row")


def opened(page: Page, row: int) -> Page:
    rows(page).nth(row).get_by_role("link").click()
    page.get_by_role("heading", name="Where the time went").wait_for()
    return page


def test_each_request_tells_its_outcome_and_what_is_not_known(requests: Page) -> None:
    expect(rows(requests).filter(has_text="429 rate_limit_exceeded").first).to_contain_text("lab")
    expect(rows(requests).filter(has_text="local-qwen").first).to_contain_text("unknown")
    expect(rows(requests).filter(has_text="out of the cache").first).to_contain_text("$0.00")


def test_a_filter_stands_in_the_address_and_stays_when_one_comes_back(requests: Page) -> None:
    requests.get_by_role("radio", name="Failed").check()
    requests.get_by_label("Find an id, a model, a provider or an error").fill("all_targets")
    requests.wait_for_url("**/requests?status=error&text=all_targets")
    expect(rows(requests)).to_have_count(12)
    opened(requests, 1).get_by_role("link", name="All requests").click()
    expect(rows(requests)).to_have_count(12)
    expect(requests.get_by_role("radio", name="Failed")).to_be_checked()


def test_a_list_that_is_long_goes_on(requests: Page) -> None:
    expect(rows(requests)).to_have_count(51)
    requests.get_by_role("button", name="Older requests").click()
    expect(rows(requests)).to_have_count(81)
    expect(requests.get_by_role("button", name="Older requests")).to_have_count(0)


def test_nothing_that_fits_is_told_apart_from_nothing_at_all(requests: Page) -> None:
    requests.get_by_label("Team").fill("nobody")
    expect(requests.get_by_text("No request fits")).to_be_visible()
    requests.route("**/api/traces?*", lambda route: route.fulfill(json={"data": [], "next_cursor": None}))
    requests.goto("/requests")
    expect(requests.get_by_text("Nothing was asked in this time")).to_be_visible()


def test_a_list_that_fails_says_why_and_can_be_tried_again(requests: Page) -> None:
    requests.route("**/api/traces?*", lambda route: route.fulfill(status=500, json={"error": {"message": "Away."}}), times=1)
    requests.goto("/requests")
    expect(requests.get_by_role("alert")).to_contain_text("Away.")
    requests.get_by_role("button", name="Try again").click()
    expect(rows(requests)).to_have_count(51)


def test_a_request_shows_who_was_asked_when_and_why(requests: Page) -> None:
    page = opened(requests, 2)
    expect(page.get_by_text("answered since it is a fallback of the route")).to_be_visible()
    waterfall = page.get_by_role("table", name="Where the time went")
    expect(waterfall.get_by_role("row", name="gpt-4.1")).to_contain_text("asked first, upstream_timeout")
    expect(waterfall.get_by_role("row", name="qwen3-32b")).to_contain_text("fallback, first content after 420 ms")
    expect(page.get_by_text("$0.0041 set aside")).to_be_visible()
    expect(page.get_by_role("region", name="Guardrails")).to_contain_text("personal data, before: mask (email)")
    expect(page.get_by_role("region", name="Passed over")).to_contain_text("gpt-4.1-west: left alone")


def test_a_refusal_and_a_request_without_a_record_are_shown_as_such(requests: Page) -> None:
    page = opened(requests, 5)
    expect(page.get_by_text("refused before a model was asked")).to_be_visible()
    expect(page.get_by_text("batch of key lab-batch: 1 of 10 requests, 10 used before")).to_be_visible()
    page.go_back()
    expect(opened(page, 7).get_by_text("No decision record")).to_be_visible()


def test_content_is_fetched_on_purpose_alone_and_goes_into_the_playground(requests: Page) -> None:
    read: list[str] = []
    requests.on("request", lambda request: read.append(request.url) if request.url.endswith("/content") else None)
    page = opened(requests, 2)
    assert read == []
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_text("For 28 days, below 30 °C.")).to_be_visible()
    expect(page.get_by_text("Guardrails have masked something in it.")).to_be_visible()
    assert len(read) == 1
    page.get_by_role("button", name="Open in playground").click()
    page.wait_for_url("**/playground")
    expect(page.get_by_text("How long may an Insuvara pen be kept after its first use?")).to_be_visible()
    held = json.loads(page.evaluate("Object.entries(localStorage).find(([name]) => name.startsWith('stoa.playground'))[1]"))
    assert (held["draft"]["system"], held["draft"]["temperature"]) == ("You are kind and brief.", "0.2")
    assert [each["model"] for each in held["columns"]] == ["best"]


def test_what_is_not_kept_is_told(requests: Page) -> None:
    page = opened(requests, 7)
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_text("Nothing is kept")).to_be_visible()


def test_an_id_is_copied(requests: Page) -> None:
    requests.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = opened(requests, 2)
    page.get_by_role("button", name="Copy id").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") in page.url


def test_a_request_that_there_is_not_says_so(page: Page) -> None:
    page.goto("/requests/nothing")
    expect(page.get_by_role("alert")).to_contain_text("There is no request 'nothing'")


@LOOKS
def test_a_request_with_its_content_passes_axe_and_fits(sign_in: Callable[..., Page], look: dict[str, Any]) -> None:
    page = sign_in(reduced_motion="reduce", **look)
    page.goto("/requests")
    page.get_by_role("table", name="Requests").wait_for()
    opened(page, 2).get_by_role("button", name="Show it").click()
    page.get_by_text("For 28 days").wait_for()
    assert violations(page) == []
    assert not is_wider_than_window(page)
