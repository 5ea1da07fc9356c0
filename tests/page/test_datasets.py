"""Datasets on the page: requests go in, examples are read, corrected and removed, lines come in and go out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.page.browsing import bar_is_in_one_row, is_wider_than_window, violations
from tests.page.test_everybody import LOOKS

pytestmark = pytest.mark.slow

GOOD = '{"messages": [{"role": "user", "content": "Who is called first?"}]}\n'
BAD = '{"messages": [{"role": "you", "content": "x"}]}\n'


@pytest.fixture
def pens(page: Page) -> Page:
    """The dataset that the double has from the start, opened."""
    page.get_by_role("link", name="Requests").click()
    page.get_by_role("navigation", name="Requests and datasets").get_by_role("link", name="Datasets").click()
    page.get_by_role("table", name="Datasets").get_by_role("link", name="pens").click()
    expect(examples(page)).to_have_count(4)
    return page


def examples(page: Page) -> Locator:
    return page.get_by_role("list", name="Examples").get_by_role("listitem")


def test_a_request_goes_into_a_new_dataset(page: Page) -> None:
    page.goto("/requests")
    page.get_by_role("table", name="Requests").get_by_role("row").nth(2).get_by_role("link").click()
    page.get_by_role("button", name="Add to dataset").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It is erased with the original, and ends when it does")
    dialog.get_by_label("Dataset").fill("New Talks")
    expect(dialog).to_contain_text("A new one, of the team company")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("status")).to_contain_text("1 example added.")
    dialog.get_by_role("link", name="Open new-talks").click()
    expect(examples(page)).to_have_count(1)
    expect(examples(page)).to_contain_text("masked by guardrails")
    examples(page).get_by_role("link", name="a request").click()
    expect(page.get_by_role("heading", name="Where the time went")).to_be_visible()


def test_requests_as_they_are_filtered_go_in_and_what_stays_out_is_told(page: Page) -> None:
    page.goto("/requests?model=local-qwen")
    page.get_by_role("table", name="Requests").wait_for()
    page.get_by_role("button", name="Add to dataset").click()
    dialog = page.get_by_role("dialog")
    with page.expect_request(lambda request: "/api/traces?" in request.url and "limit=200" in request.url) as asked:
        dialog.get_by_label("Dataset").fill("pens")
        dialog.get_by_role("button", name="Add").click()
    assert "model=local-qwen" in asked.value.url
    assert "team=company" in asked.value.url
    expect(dialog.get_by_role("status")).to_contain_text("0 examples added.")
    page.keyboard.press("Escape")
    page.goto("/requests?text=openai")
    page.get_by_role("button", name="Add to dataset").click()
    dialog.get_by_label("Dataset").fill("pens")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("status")).to_contain_text("examples added. Left out: 1 there already.")


def test_an_expected_answer_is_said_and_makes_a_version(pens: Page) -> None:
    first = examples(pens).first
    first.get_by_role("button", name="Say what is expected").click()
    expect(first.get_by_label("Expected answer")).to_have_value("For 28 days, below 30 °C.")
    first.get_by_label("Expected answer").fill("28 days, and never above 30 °C.")
    first.get_by_label("Notes for people").fill("As the leaflet says")
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_role("group", name="Expected")).to_have_text("28 days, and never above 30 °C.")
    expect(first).to_contain_text("As the leaflet says")
    pens.get_by_text("Versions").click()
    pens.get_by_role("button", name="1", exact=True).click()
    expect(pens.get_by_text("Version 1, as it was")).to_be_visible()
    expect(first.get_by_role("group", name="Expected")).to_have_count(0)
    expect(pens.get_by_role("button", name="Remove")).to_have_count(0)


def test_examples_are_found_and_those_that_nobody_reads_say_so(pens: Page) -> None:
    expect(examples(pens).nth(2)).to_contain_text("It was erased: nobody can read it any more.")
    expect(examples(pens).nth(2).get_by_role("button", name="Say what is expected")).to_have_count(0)
    pens.get_by_role("radio", name="With an expected answer").check()
    expect(examples(pens)).to_have_count(1)
    pens.get_by_role("radio", name="All", exact=True).check()
    pens.get_by_label("Find words in examples").fill("safety course")
    expect(examples(pens)).to_have_count(1)
    pens.get_by_label("Find words in examples").fill("nothing of it")
    expect(pens.get_by_text("No example fits")).to_be_visible()


def test_an_example_is_removed_and_erased_only_when_that_is_chosen(pens: Page) -> None:
    sent: list[Any] = []
    pens.on("request", lambda request: sent.append(request.post_data_json) if request.url.endswith("/removals") else None)
    for erase in (False, True):
        examples(pens).first.get_by_role("button", name="Remove").click()
        dialog = pens.get_by_role("dialog")
        dialog.get_by_label("Erase it there too, for good").set_checked(erase)
        dialog.get_by_role("button", name="Remove").click()
        expect(dialog).to_have_count(0)
    expect(examples(pens)).to_have_count(2)
    assert [each["erase"] for each in sent] == [False, True]


def test_lines_come_in_and_wrong_ones_are_told_before_the_others_are_taken(pens: Page, tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text(GOOD + BAD)
    pens.get_by_label("A file of JSON lines").set_input_files(file)
    expect(pens.get_by_role("alert")).to_contain_text("line 2: messages[0].role is 'you'")
    expect(examples(pens)).to_have_count(4)
    pens.get_by_role("button", name="Take the others").click()
    expect(pens.get_by_role("status").filter(has_text="1 example added")).to_contain_text("1 line left out")
    expect(examples(pens)).to_have_count(5)
    expect(examples(pens).last).to_contain_text("From a file")


def test_a_dataset_is_made_exported_and_deleted(page: Page) -> None:
    page.goto("/datasets")
    page.get_by_role("button", name="New dataset").click()
    page.get_by_label("Name").fill("pens")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a dataset 'pens' already")
    page.get_by_label("Name").fill("smoke")
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url("**/datasets/smoke")
    expect(page.get_by_text("Nothing is in it")).to_be_visible()
    page.get_by_role("button", name="Export").click()
    link = page.get_by_role("menuitem", name="To train on preferences")
    assert link.get_attribute("href") == "/api/datasets/smoke/export?form=preference"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/datasets")
    expect(page.get_by_role("table", name="Datasets").get_by_role("row")).to_have_count(2)


def test_who_may_not_read_or_fill_a_dataset_is_not_offered_to(page: Page) -> None:
    rights = {"see_datasets": False, "fill_datasets": False}

    def with_less(route: Any) -> None:
        answer = route.fetch()
        told = answer.json()
        route.fulfill(response=answer, json=told | {"rights": told["rights"] | rights})

    page.route("**/api/session", with_less)
    page.goto("/requests")
    page.get_by_role("table", name="Requests").wait_for()
    expect(page.get_by_role("button", name="Add to dataset")).to_have_count(0)
    expect(page.get_by_role("link", name="Datasets")).to_have_count(0)
    dataset = page.request.get("/api/datasets/pens").json()
    page.route("**/api/datasets/pens", lambda route: route.fulfill(json=dataset | {"may": ["delete"]}))
    page.goto("/datasets/pens")
    expect(page.get_by_text("for the developers of the team company, and for auditors")).to_be_visible()
    expect(page.get_by_role("button", name="Import lines")).to_have_count(0)


@LOOKS
def test_datasets_pass_axe_and_fit(sign_in: Callable[..., Page], look: dict[str, Any]) -> None:
    page = sign_in(reduced_motion="reduce", **look)
    page.goto("/datasets")
    page.get_by_role("table", name="Datasets").wait_for()
    assert violations(page) == []
    page.get_by_role("link", name="pens").click()
    expect(examples(page)).to_have_count(4)
    page.get_by_text("Versions").click()
    examples(page).first.get_by_role("button", name="Say what is expected").click()
    assert violations(page) == []
    assert not is_wider_than_window(page)
    assert bar_is_in_one_row(page)
    page.goto("/requests")
    page.get_by_role("button", name="Add to dataset").click()
    page.get_by_role("dialog").get_by_label("Dataset").fill("pens")
    assert violations(page) == []
    assert not is_wider_than_window(page)
