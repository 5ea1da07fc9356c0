"""What somebody has done is done and said, and leads on, though the lists that would show it are never answered."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.slow


def never_answered(page: Page, *paths: str) -> None:
    """Whatever is asked for under one of these paths from now on gets no answer; what is changed there still does."""

    def hold(route: Route) -> None:
        if route.request.method != "GET":
            route.continue_()

    for path in paths:
        page.route(re.compile(rf"/api/{path}(/|\?|$)"), hold)


def choose(page: Page, menu: str, item: str) -> None:
    page.get_by_role("button", name=menu).click()
    page.get_by_role("menuitem", name=item).click()


def confirm(page: Page, action: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_first_question_is_asked(page: Page) -> None:
    page.get_by_text("No conversations yet").wait_for()
    page.route(
        re.compile(r"/api/conversations(\?|$)"), lambda route: route.continue_() if route.request.method != "GET" else None
    )
    page.get_by_role("list", name="Examples").get_by_role("button").first.click()
    expect(page.get_by_role("button", name="Good answer")).to_be_visible()


def test_a_first_question_is_asked_though_its_reader_has_gone_elsewhere(page: Page) -> None:
    held: list[Route] = []
    page.route(re.compile(r"/api/conversations$"), lambda route: held.append(route))
    page.get_by_role("list", name="Examples").get_by_role("button").first.click()
    page.get_by_role("link", name="Usage", exact=True).click()
    page.get_by_role("heading", name="Usage").wait_for()
    with page.expect_request(re.compile("/api/conversations/[^/]+/turns")):
        for route in held:
            route.continue_()
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()


def test_a_conversation_that_is_deleted_is_left(page: Page) -> None:
    page.get_by_role("list", name="Examples").get_by_role("button").first.click()
    page.get_by_role("button", name="Good answer").wait_for()
    never_answered(page, "conversations")
    page.get_by_role("button", name=re.compile("^Actions for")).click()
    page.get_by_role("menuitem", name="Delete").click()
    confirm(page, "Delete")
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()


def test_what_is_saved_of_an_assistant_is_said_and_a_new_one_is_opened(page: Page) -> None:
    page.goto("/assistants/handbook")
    page.get_by_role("region", name="handbook").wait_for()
    never_answered(page, "resources", "catalog")
    page.get_by_label("Prompt").fill("In verse.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. Gateways serve it within two seconds.")).to_be_visible()
    page.get_by_role("link", name="New", exact=True).click()
    page.get_by_label("Name", exact=True).fill("desk")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="desk", level=1)).to_be_visible()
    expect(page.get_by_role("navigation", name="Assistants").get_by_role("link", name="desk")).to_be_visible()


def test_a_version_that_is_restored_is_said(page: Page) -> None:
    page.goto("/assistants/handbook")
    page.get_by_role("button", name="Actions for version 1").wait_for()
    choose(page, "Actions for version 1", "See what differs, restore")
    page.get_by_role("dialog").get_by_label("What differs").wait_for()
    never_answered(page, "resources", "catalog")
    confirm(page, "Restore version 1")
    expect(page.get_by_text("Version 1 is in force again.")).to_be_visible()
    expect(page.get_by_label("Prompt")).to_have_value("Answer in verse.\nNever lie.")


def test_a_route_that_is_saved_says_so(page: Page) -> None:
    page.goto("/routes/best")
    page.get_by_role("listitem", name="Target 2").get_by_label("Weight").fill("15")
    page.get_by_role("button", name="Review and save").click()
    never_answered(page, "resources")
    confirm(page, "Save")
    expect(page.get_by_text("Saved. Gateways serve it within two seconds.")).to_be_visible()


def test_a_dataset_is_made_opened_deleted_and_left(page: Page) -> None:
    page.goto("/datasets")
    page.get_by_role("button", name="New dataset").click()
    never_answered(page, "datasets$")
    page.get_by_label("Name").fill("smoke")
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url("**/datasets/smoke")
    page.get_by_role("button", name="Delete").click()
    never_answered(page, "datasets")
    confirm(page, "Delete")
    page.wait_for_url("**/datasets")


def test_a_source_that_is_added_is_opened(page: Page) -> None:
    page.goto("/collections/handbook/sources")
    page.get_by_role("button", name="Add a source").click()
    page.get_by_label("Name", exact=True).fill("minutes")
    page.get_by_label("Path", exact=True).fill("/srv/minutes")
    page.route(re.compile(r"/api/sources\?"), lambda _: None)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="minutes")).to_be_visible()


def test_a_form_stays_though_the_list_behind_it_fails(page: Page) -> None:
    page.clock.install()
    page.goto("/collections/handbook/sources")
    page.get_by_role("button", name="Add a source").click()
    page.get_by_label("Name", exact=True).fill("minutes")
    page.route(re.compile(r"/api/sources\?"), lambda route: route.fulfill(status=500, json={"error": {"message": "Away."}}))
    with page.expect_response(re.compile(r"/api/sources\?")):
        page.clock.run_for(20_000)
    expect(page.get_by_label("Name", exact=True)).to_have_value("minutes")


def test_an_index_that_is_switched_to_is_not_asked_about_any_longer(page: Page) -> None:
    page.goto("/collections/handbook/indexes")
    page.get_by_role("article", name="Version 3").get_by_role("button", name="Switch to it").click()
    never_answered(page, "collections")
    confirm(page, "Switch")


def test_a_first_judgement_is_kept_and_its_set_deleted(page: Page) -> None:
    page.goto("/collections/handbook/search?q=class+of+travel+by+air")
    page.get_by_role("list", name="Passages found").wait_for()
    never_answered(page, "evaluation-sets")
    with page.expect_request("**/judgements"):
        page.get_by_role("button", name=re.compile("^Good: .*rank 1$")).click()
    page.get_by_role("link", name="Evaluation").click()
    choose(page, "Actions for handbook-search", "Delete")
    confirm(page, "Delete")
    expect(page.get_by_text("No evaluation sets yet")).to_be_visible()
