"""Routes: changing one, seeing what would change, and where a request would go."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from tests.page.browsing import has_focus

pytestmark = pytest.mark.slow


@pytest.fixture
def best(page: Page) -> Page:
    page.get_by_role("link", name="Routes", exact=True).click()
    page.get_by_role("navigation", name="Routes").get_by_role("link", name="best").click()
    page.get_by_role("region", name="best").wait_for()
    return page


def weight(page: Page, number: int) -> Locator:
    return page.get_by_role("listitem", name=f"Target {number}").get_by_label("Weight")


def review(page: Page) -> Locator:
    page.get_by_role("button", name="Review and save").click()
    return page.get_by_role("dialog")


def test_a_dry_run_shows_who_is_asked_who_follows_and_who_is_passed_over(best: Page) -> None:
    best.get_by_role("button", name="Try it").click()
    steps = best.get_by_role("list", name="Where the request would go").get_by_role("listitem")
    expect(steps.nth(0)).to_contain_text("Asked first")
    expect(steps.nth(0)).to_contain_text("gpt-4.1")
    expect(steps.nth(1)).to_contain_text("Next, after any failure of the provider")
    expect(steps.nth(2)).to_contain_text("After context window")
    expect(steps.nth(3)).to_contain_text("Passed over")
    expect(steps.nth(3)).to_contain_text("left alone after timeout")


def test_a_dry_run_is_of_what_is_on_the_screen_and_says_when_it_is_old(best: Page) -> None:
    best.get_by_role("listitem", name="Target 1").get_by_label("Model").select_option("stoa-reader")
    best.get_by_role("button", name="Try it").click()
    steps = best.get_by_role("list", name="Where the request would go").get_by_role("listitem")
    expect(steps.first).to_contain_text("stoa-reader")
    best.get_by_label("Sticky").check()
    expect(best.get_by_text("has changed since this was tried")).to_be_visible()
    best.get_by_label("User of the application").fill("u7")
    with best.expect_request("**/api/routes/explain") as asked:
        best.get_by_role("button", name="Try again").click()
    assert asked.value.post_data_json["user"] == "u7"
    assert asked.value.post_data_json["route"]["sticky"] is True
    expect(best.get_by_text("has changed since this was tried")).to_have_count(0)


def test_saving_shows_what_changes_before_it_does(best: Page) -> None:
    weight(best, 2).fill("15")
    best.get_by_text("Hedged requests").click()
    best.get_by_label("Ask a second target").check()
    dialog = review(best)
    changes = dialog.locator("[data-mark='-'], [data-mark='+']")
    expect(changes).to_have_text(
        [
            re.compile(r"removed: -   - \{model: gpt-4.1-west, weight: 5, arm: canary\}"),
            re.compile(r"added: \+   - \{model: gpt-4.1-west, weight: 15, arm: canary\}"),
            re.compile(r"added: \+ hedge: \{\}"),
        ]
    )
    dialog.get_by_role("button", name="Save").click()
    expect(best.get_by_text("Saved. Gateways serve it within two seconds.")).to_be_visible()
    best.reload()
    expect(weight(best, 2)).to_have_value("15")
    expect(best.get_by_text("a second target after the first’s usual p95")).to_be_visible()


def test_a_route_is_what_it_was_again(best: Page) -> None:
    weight(best, 2).fill("15")
    review(best).get_by_role("button", name="Save").click()
    versions = best.get_by_role("region", name="Versions")
    expect(versions.get_by_role("row").nth(1)).to_contain_text("Changed: targets")
    best.get_by_role("button", name="Actions for version 1").click()
    best.get_by_role("menuitem", name="See what differs, restore").click()
    best.get_by_role("dialog").get_by_role("button", name="Restore version 1").click()
    expect(best.get_by_text("Version 1 is in force again, as version 3.")).to_be_visible()
    expect(weight(best, 2)).to_have_value("5")


def test_for_whom_and_how_long_answers_are_kept_is_said_and_saved(best: Page) -> None:
    best.get_by_text("answers are kept for 1 h").click()
    best.get_by_label("For", exact=True).fill("600")
    expect(best.get_by_text("answers are kept for 10 min")).to_be_visible()
    expect(review(best).locator("[data-mark='+']")).to_have_text([re.compile(r"cache_ttl_s: 600")])
    best.keyboard.press("Escape")
    best.get_by_label("Given to").select_option("the same caller")
    dialog = review(best)
    expect(dialog.locator("[data-mark='+']")).to_have_text(
        [re.compile(r"cache:"), re.compile(r"ttl_s: 600"), re.compile(r"shared: key")]
    )
    dialog.get_by_role("button", name="Save").click()
    best.reload()
    expect(best.get_by_text("answers are kept for 10 min, for the same key or person")).to_be_visible()


def test_a_mistake_is_shown_at_its_field(best: Page) -> None:
    weight(best, 2).fill("many")
    best.get_by_role("button", name="Review and save").click()
    expect(weight(best, 2)).to_have_attribute("aria-invalid", "true")
    has_focus(weight(best, 2))
    expect(weight(best, 2)).to_have_accessible_description("Expected `int`, got `str`.")
    expect(best.get_by_role("alert")).to_contain_text("targets[1].weight")
    weight(best, 2).fill("6")
    expect(best.get_by_role("alert")).to_have_count(0)
    expect(weight(best, 2)).not_to_have_attribute("aria-invalid", "true")


def test_a_draft_outlives_a_visit_elsewhere_until_it_is_discarded(best: Page) -> None:
    weight(best, 1).fill("80")
    best.get_by_role("link", name="Usage", exact=True).click()
    best.get_by_role("heading", name="Usage").wait_for()
    best.go_back()
    expect(weight(best, 1)).to_have_value("80")
    best.get_by_role("button", name="Discard").click()
    expect(weight(best, 1)).to_have_value("95")
    expect(best.get_by_role("button", name="Discard")).to_have_count(0)


def test_targets_are_put_in_order_added_and_left_out(best: Page) -> None:
    first = best.get_by_role("listitem", name="Target 1")
    first.get_by_role("button", name="Move down").click()
    expect(first.get_by_label("Model")).to_have_value("gpt-4.1-west")
    best.get_by_role("button", name="Add a target").click()
    best.get_by_role("listitem", name="Target 3").get_by_label("Model").select_option("qwen3-32b")
    best.get_by_role("button", name="Leave out gpt-4.1", exact=True).click()
    expect(best.get_by_role("listitem", name=re.compile("^Target"))).to_have_count(2)
    expect(review(best)).to_contain_text("{model: qwen3-32b}")


def test_a_new_route_is_made_and_removed(page: Page) -> None:
    page.goto("/routes")
    page.get_by_role("link", name="New", exact=True).click()
    page.get_by_label("Name", exact=True).fill("fast")
    page.get_by_label("Strategy").select_option("lowest_latency")
    page.get_by_role("listitem", name="Target 1").get_by_label("Model").select_option("gpt-4.1-mini")
    page.get_by_role("button", name="Add a fallback").click()
    fallback = page.get_by_role("listitem", name="Fallback 1")
    fallback.get_by_label("Model").select_option("qwen3-32b")
    fallback.get_by_label("context window").check()
    dialog = review(page)
    expect(dialog).to_contain_text("Make the route fast?")
    expect(dialog).to_contain_text("strategy: lowest_latency")
    dialog.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("region", name="fast")).to_be_visible()
    page.route("**/api/resources/Route/fast/versions*", lambda _: None)  # never answered: the list comes before its versions
    page.get_by_role("button", name="Actions for fast").click()
    page.get_by_role("menuitem", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Choose a route")).to_be_visible()
    expect(page.get_by_role("navigation", name="Routes").get_by_role("link", name="fast")).to_have_count(0)


def test_who_may_not_change_routes_still_reads_and_tries_them(open_page: Callable[..., Page]) -> None:
    page = open_page()

    def as_an_auditor(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        if "rights" in told:
            told["rights"] = {"see_models": True, "change_routes": False}
        route.fulfill(response=answer, json=told)

    page.route("**/api/session*", as_an_auditor)
    page.goto("/sign-in?token=good")
    page.get_by_role("link", name="Routes", exact=True).click()
    expect(page.get_by_role("link", name="New", exact=True)).to_have_count(0)
    page.get_by_role("navigation", name="Routes").get_by_role("link", name="best").click()
    expect(weight(page, 1)).to_be_disabled()
    expect(page.get_by_role("button", name="Actions for best")).to_have_count(0)
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("list", name="Where the request would go")).to_be_visible()


def test_without_a_route_the_page_says_how_one_is_made(page: Page) -> None:
    page.route("**/api/resources?*", lambda route: route.fulfill(json={"data": [], "next_cursor": None}))
    page.goto("/routes")
    expect(page.get_by_text("stoa apply -f route.yaml")).to_be_visible()
    page.goto("/routes/nowhere")
    expect(page.get_by_text("No routes yet")).to_be_visible()


def test_the_editor_says_what_a_change_would_have_changed(best: Page) -> None:
    weight(best, 1).fill("7")
    best.get_by_role("button", name="Replay").click()
    changes = best.get_by_label("Changes to requests")
    expect(changes).to_contain_text("35 would be answered by another model.")
    expect(best.get_by_label("Requests that would change most")).to_contain_text("gpt-4.1 → gpt-4.1-mini")
    weight(best, 1).fill("8")
    expect(changes).to_have_count(0)
