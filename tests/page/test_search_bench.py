"""The reader of a document, the search bench, evaluation sets and the usage of a collection."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from tests.page.browsing import has_focus

pytestmark = pytest.mark.slow

QUESTION = "Who approves business class travel by air?"


def found(page: Page, query: str = QUESTION) -> Locator:
    """The passages that a search shows, once they are there."""
    page.goto("/collections/handbook/search")
    page.get_by_label("Search passages").fill(query)
    passages = page.get_by_role("list", name="Passages found").locator("> li")
    passages.first.wait_for()
    return passages


def mark(page: Page, label: str, rank: int) -> Locator:
    button = page.get_by_role("button", name=re.compile(rf"^{label}: .*, rank {rank}$"))
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    return button


def test_a_document_is_read_with_its_chunks(page: Page) -> None:
    page.goto("/collections/handbook")
    page.get_by_role("link", name="Laboratory Safety").first.click()
    has_focus(page.get_by_role("heading", name="Laboratory Safety"))
    chunks = page.get_by_role("group", name="Text in chunks").get_by_role("listitem")
    expect(chunks).to_have_count(3)
    expect(chunks.first).to_contain_text("Laboratory Safety › Personal protection")
    page.get_by_role("button", name=re.compile("^Chunk 2 ")).press("Enter")
    panel = page.get_by_role("dialog", name="Chunk")
    expect(panel.get_by_role("heading", name="Chunk 2 of 3")).to_be_visible()
    expect(panel).to_contain_text("Safety glasses")
    links = panel.get_by_role("list", name="Links")
    expect(links).to_contain_text("department head mentioned")
    expect(links.get_by_role("link", name="Travel Policy").first).to_have_attribute(
        "href", re.compile(r"^/collections/handbook/documents/doc-travel\?at=\d+$")
    )
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Chunk 2 ")).press("Enter")
    links.get_by_role("link", name="Travel Policy").first.click()
    expect(page.get_by_role("heading", name="Travel Policy", level=1)).to_be_visible()
    expect(panel.get_by_role("heading", name="Chunk 27 of 27")).to_be_visible()


def test_a_long_document_is_read_on_in_both_directions(page: Page) -> None:
    page.goto("/collections/handbook/documents/doc-travel?at=2000")
    expect(page.get_by_role("dialog", name="Chunk")).to_contain_text(re.compile(r"Chunk 2[5-7] of 27"))
    chunks = page.get_by_role("group", name="Text in chunks").get_by_role("listitem")
    expect(chunks).to_have_count(3)
    page.get_by_role("button", name="Show what stands before").click()
    expect(chunks).to_have_count(7)
    page.goto("/collections/handbook/documents/doc-travel")
    page.get_by_role("button", name="Show more of 27 chunks").click()
    expect(chunks).to_have_count(8)


def test_versions_say_what_changed(page: Page) -> None:
    page.goto("/collections/handbook/documents/doc-leave")
    page.get_by_text("2 versions").click()
    present = page.get_by_role("row", name="2, the present one")
    expect(present).to_contain_text("its text and who may read it")
    expect(present).to_contain_text("ada")


def test_a_document_that_failed_or_is_gone_says_so(page: Page) -> None:
    page.goto("/collections/handbook/documents/doc-scan")
    expect(page.get_by_text("The file is encrypted.")).to_be_visible()
    expect(page.get_by_text("Mend the original and add it again under the same name.")).to_be_visible()
    expect(page.get_by_role("group", name="Text in chunks")).to_have_count(0)
    page.goto("/collections/handbook/documents/doc-nowhere")
    expect(page.get_by_text("There is no such document")).to_be_visible()


def test_passages_say_why_they_rank_and_lead_to_their_place(page: Page) -> None:
    passages = found(page)
    first = passages.first
    expect(first).to_contain_text("First by meaning, first by words, first by links from what was found first.")
    expect(first.locator("mark").first).to_be_visible()
    expect(passages.nth(1)).to_contain_text("Second by meaning, second by words.")
    first.get_by_role("link", name="Travel Policy").click()
    expect(page).to_have_url(re.compile(r"/collections/handbook/documents/doc-travel\?at=\d+$"))
    expect(page.get_by_role("dialog", name="Chunk")).to_contain_text("Business class by air")
    page.get_by_role("link", name="Documents of handbook").click()
    expect(page.get_by_role("table", name="Documents of handbook")).to_be_visible()


def test_what_is_typed_is_searched_once_it_rests_and_kept_in_the_address(page: Page) -> None:
    asked: list[str] = []
    page.on(
        "request", lambda sent: asked.append(sent.post_data or "") if sent.url.endswith("/search") and sent.post_data else None
    )
    page.clock.install()  # else keys that a busy machine sends slowly would rest between one and the next
    page.goto("/collections/handbook/search")
    field, whole = page.get_by_label("Search passages"), "class of travel"
    field.wait_for()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    field.press_sequentially(whole)
    assert asked == []
    page.clock.resume()
    expect(page.get_by_role("list", name="Passages found")).to_be_visible()
    assert [json.loads(each)["query"] for each in asked] == [whole]
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?q=class"))
    page.reload()
    expect(page.get_by_label("Search passages")).to_have_value("class of travel")
    page.get_by_label("Search passages").fill("xyzzy")
    expect(page.get_by_text("No passage is found")).to_be_visible()


def test_marks_make_an_evaluation_set_that_the_search_is_measured_by(page: Page) -> None:
    found(page)
    good = mark(page, "Good", 1)
    mark(page, "Bad", 2)
    expect(page.get_by_text("2 judgements in it")).to_be_visible()
    good.click()
    expect(good).to_have_attribute("aria-pressed", "false")
    good.click()
    expect(page.get_by_text("2 judgements in it")).to_be_visible()
    page.get_by_role("link", name="Evaluation").click()
    row = page.get_by_role("row", name="handbook-search")
    expect(row.get_by_role("cell").nth(0)).to_have_text("1")
    row.get_by_role("link", name="handbook-search").click()
    page.get_by_role("button", name="Measure the search").click()
    expect(page.get_by_role("status").filter(has_text="recall@1")).to_contain_text("100 %")
    item = page.get_by_role("list", name="Queries").get_by_role("listitem").first
    expect(item).to_contain_text("rank 1")
    item.get_by_role("link", name=QUESTION).click()
    expect(page.get_by_label("Search passages")).to_have_value(QUESTION)
    expect(page.get_by_role("button", name=re.compile("^Good: .*rank 1$"))).to_have_attribute("aria-pressed", "true")


def test_marks_go_into_the_set_that_is_named(page: Page) -> None:
    found(page)
    page.get_by_label("Save to").fill("Travel Rules")
    expect(page.get_by_label("Save to")).to_have_value("travel-rules")
    expect(page.get_by_text("A new set, once you judge")).to_be_visible()
    mark(page, "Good", 1)
    page.get_by_role("link", name="Evaluation").click()
    page.get_by_role("button", name="Actions for travel-rules").click()
    export = page.get_by_role("menuitem", name="Export as JSONL")
    expect(export).to_have_attribute("href", "/api/evaluation-sets/travel-rules/export")
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No evaluation sets yet")).to_be_visible()


def test_a_mark_that_is_refused_says_why(page: Page) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=409, json={"error": {"message": "The document has changed since the search.", "code": "conflict"}})

    found(page)
    page.route("**/judgements", refuse)
    page.get_by_role("button", name=re.compile("^Good: .*rank 1$")).click()
    expect(page.get_by_role("alert")).to_contain_text("The document has changed since the search.")


def test_usage_tells_what_is_asked_and_what_is_cited(page: Page) -> None:
    page.goto("/collections/handbook/usage")
    expect(page.get_by_role("img", name=re.compile("^Questions by day"))).to_be_visible()
    page.get_by_label("Without an answer").check(force=True)
    expect(page.get_by_role("img", name=re.compile("^Without an answer by day"))).to_be_visible()
    cited = page.get_by_role("table", name="Documents that answers cite most")
    expect(cited.get_by_role("row", name="Travel Policy")).to_contain_text("181")
    expect(page.get_by_text("1 more document: gone, or not yours to read.")).to_be_visible()
    page.goto("/collections/research-notes/usage")
    expect(page.get_by_text("Nothing was asked in this time")).to_be_visible()


def test_whoever_may_only_read_is_offered_nothing_else(page: Page) -> None:
    def as_reader(route: Route) -> None:
        body: Any = route.fetch().json()
        for each in body["data"]:
            each["rights"] = {
                "read": True,
                "ingest": False,
                "judge": False,
                "see_usage": False,
                "see_indexes": False,
                "change_indexes": False,
                "see_sources": False,
                "sync_sources": False,
                "see_versions": False,
                "change": False,
            }
        route.fulfill(json=body)

    page.route(re.compile(r"/api/collections(\?|$)"), as_reader)
    page.goto("/collections/handbook")
    expect(page.get_by_role("navigation", name="Views of handbook").get_by_role("link")).to_have_text(
        ["Documents", "Search", "Graph", "Query", "Evaluation", "Connect"]
    )
    expect(page.get_by_role("button", name="Choose files")).to_have_count(0)
    page.get_by_role("button", name="Actions for Budget 2027").click()
    expect(page.get_by_role("menuitem")).to_have_text(["Original"])
    found(page)
    expect(page.get_by_role("button", name=re.compile("^Good: "))).to_have_count(0)
    expect(page.get_by_label("Save to")).to_have_count(0)
