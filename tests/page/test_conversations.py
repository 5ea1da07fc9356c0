"""Asking, and what can be done with answers and conversations."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from tests.page.browsing import has_focus

pytestmark = pytest.mark.slow

TRAVEL = "Who may fly business class?"


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")


def answers(page: Page) -> Locator:
    return page.get_by_role("article", name="Answer")


def finished(page: Page, count: int = 1) -> Locator:
    """The latest answer, once it is complete."""
    expect(answers(page)).to_have_count(count)
    expect(answers(page).last.get_by_role("button", name="Good answer")).to_be_visible()
    return answers(page).last


def choose(page: Page, title: str, action: str) -> None:
    """An action of a conversation's menu."""
    page.get_by_role("button", name=f"Actions for {title}").click()
    page.get_by_role("menuitem", name=action).click()


def test_an_example_is_asked_and_answered(page: Page) -> None:
    examples = page.get_by_role("list", name="Examples").get_by_role("button")
    expect(examples).to_have_count(3)
    examples.first.click()
    answer = finished(page)
    expect(answer).to_contain_text("seven hours")
    expect(page).to_have_url(re.compile("/conversations/conversation-"))
    link = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    expect(link).to_have_attribute("aria-current", "page")


def test_an_answer_is_shown_while_it_is_written(page: Page) -> None:
    ask(page, f"slow: {TRAVEL}")
    answer = answers(page)
    expect(answer).to_have_attribute("aria-busy", "true")
    expect(answer).to_contain_text("Employees travel")
    expect(page.get_by_role("button", name="Stop the answer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(answer).to_contain_text("Stopped here.")
    expect(answer).not_to_contain_text("seven hours")


def test_an_answer_goes_on_while_its_reader_looks_elsewhere(page: Page) -> None:
    ask(page, TRAVEL)
    expect(answers(page)).to_be_visible()
    page.get_by_role("link", name="Usage").click()
    page.get_by_role("heading", name="Usage").wait_for()
    page.get_by_role("link", name="Conversations").click()
    page.get_by_role("link", name=TRAVEL).click()
    expect(finished(page)).to_contain_text("nitrile gloves")


def test_a_stopped_answer_is_given_again(page: Page) -> None:
    ask(page, f"slow: {TRAVEL}")
    expect(answers(page)).to_contain_text("Employees")
    page.get_by_role("button", name="Stop the answer").click()
    page.get_by_role("button", name="Answer again").click()
    expect(answers(page)).not_to_contain_text("Stopped")
    expect(answers(page)).to_have_attribute("aria-busy", "true")


def test_an_answer_that_the_documents_do_not_tell_says_where_to_look(page: Page) -> None:
    ask(page, "What is the weather like?")
    closest = finished(page).get_by_role("region", name="Closest to the question")
    closest.get_by_role("button").first.click()
    expect(page.get_by_role("region", name="Passage")).to_be_visible()
    expect(closest.get_by_role("button").first).to_have_attribute("aria-current", "true")
    page.reload()
    expect(closest.get_by_role("button")).to_have_count(2)


def test_an_edited_question_replaces_what_followed(page: Page) -> None:
    ask(page, TRAVEL)
    finished(page)
    ask(page, "What is the weather like?")
    expect(finished(page, 2)).to_contain_text("do not answer this question")
    page.get_by_role("article", name="You asked").first.hover()
    page.get_by_role("button", name="Edit and ask again").first.click()
    editor = page.get_by_label("Edit your question")
    has_focus(editor)
    editor.fill("And by train?")
    page.get_by_role("button", name="Ask again", exact=True).click()
    finished(page)
    expect(page.get_by_role("article", name="You asked")).to_have_text(["And by train?"])


def test_a_failed_answer_says_why_and_is_tried_again(page: Page) -> None:
    held: list[Route] = []
    ask(page, "please fail")
    expect(page.get_by_role("alert")).to_contain_text("did not answer within 60 s")
    page.route("**/api/**", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(page.get_by_role("alert")).to_contain_text("did not answer within 60 s")
    assert len(held) == 1


def test_a_lost_connection_keeps_what_came(page: Page) -> None:
    ask(page, "please drop")
    expect(page.get_by_role("alert")).to_contain_text("connection was lost")
    expect(answers(page)).to_contain_text("Employees travel second class")


def test_a_refused_question_stays_and_is_tried_again(page: Page) -> None:
    ask(page, "budget?")
    expect(page.get_by_role("alert")).to_contain_text("has spent its budget")
    expect(page.get_by_role("article", name="You asked")).to_have_text("budget?")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("has spent its budget")


def test_a_citation_opens_its_passage_beside_the_answer(page: Page) -> None:
    ask(page, TRAVEL)
    chip = finished(page).get_by_role("button", name="Source 1").first
    chip.click()
    source = page.get_by_role("dialog", name="Source")
    has_focus(source.get_by_role("heading", name="Travel Policy"))
    expect(source.locator("mark")).to_contain_text("Business class by air is allowed")
    expect(source.locator("mark strong")).to_contain_text("Business class by air is allowed")
    expect(source.locator("mark")).to_be_in_viewport()
    expect(page.get_by_role("link", name="Stoa", exact=True)).to_be_in_viewport(ratio=1)
    expect(source).to_contain_text("Rail and air › Class of travel, page 3")
    expect(source).to_contain_text("Rail is preferred to air")
    expect(source.get_by_role("link", name="Open the original")).to_have_attribute("href", "/api/documents/doc-travel/original")
    expect(answers(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(source).to_have_count(0)
    has_focus(chip)


def test_a_source_that_has_changed_says_so_and_shows_what_was_cited(page: Page) -> None:
    def changed(route: Route) -> None:
        cited = route.request.post_data_json
        view = {"page": None, "heading": [], "before": "", "after": "", "state": "changed", "document": None}
        route.fulfill(json={**cited, **view})

    page.route("**/citation", changed)
    ask(page, TRAVEL)
    finished(page).get_by_role("button", name="Source 1").first.click()
    source = page.get_by_role("dialog", name="Source")
    expect(source.get_by_role("note")).to_contain_text("has changed since it was cited")
    expect(source.locator("mark")).to_contain_text("Business class by air is allowed")


def test_a_source_that_may_no_longer_be_read_says_so(page: Page) -> None:
    ask(page, TRAVEL)
    answer = finished(page)
    page.request.delete("/api/documents/doc-travel")
    answer.get_by_role("button", name="Travel Policy").click()
    expect(page.get_by_role("dialog", name="Source")).to_contain_text("You can no longer open this document")
    expect(page.get_by_role("dialog", name="Source").locator("mark")).to_have_count(0)


def test_feedback_is_kept(page: Page) -> None:
    ask(page, TRAVEL)
    finished(page).get_by_role("button", name="Good answer").click()
    page.get_by_role("button", name="React").click()
    page.get_by_role("button", name="On the point").click()
    page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_role("textbox", name="Comment").fill("Just what I needed")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Your comment")).to_be_visible()
    page.reload()
    answer = finished(page)
    expect(answer.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    expect(answer.get_by_role("button", name="Your reaction: 🎯")).to_be_visible()
    answer.get_by_role("button", name="Your comment").click()
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("Just what I needed")
    answer.get_by_role("button", name="Good answer").click()
    expect(answer.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "false")


def test_conversations_are_renamed_searched_exported_and_deleted(page: Page, tmp_path: Path) -> None:
    for question in (TRAVEL, "What is the weather like?"):
        page.get_by_role("link", name="New conversation").click()
        ask(page, question)
        finished(page)
    conversations = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    expect(conversations).to_have_text(["What is the weather like?", TRAVEL])

    choose(page, TRAVEL, "Rename")
    page.get_by_label("Title of the conversation").fill("Flying")
    page.keyboard.press("Enter")
    expect(conversations).to_have_text(["What is the weather like?", "Flying"])

    page.locator("h1, h2").first.click()
    page.keyboard.press("/")
    has_focus(page.get_by_label("Search conversations"))
    page.keyboard.type("nitrile")
    expect(conversations).to_have_text(["Flying"])
    page.keyboard.press("Escape")
    expect(conversations).to_have_count(2)

    with page.expect_download() as download:
        choose(page, "Flying", "Export as JSON")
    exported = tmp_path / "exported.json"
    download.value.save_as(exported)
    assert json.loads(exported.read_text())["conversation"]["title"] == "Flying"

    choose(page, "Flying", "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(conversations).to_have_count(2)
    choose(page, "Flying", "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(conversations).to_have_text(["What is the weather like?"])


def test_the_model_is_chosen_with_the_keyboard(page: Page) -> None:
    chooser = page.get_by_role("button", name="Ask: Handbook")
    chooser.press("Enter")
    has_focus(page.get_by_role("menuitemradio", name="Handbook"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Ask: gpt-4.1-mini")).to_be_visible()
    expect(page.get_by_text("You are asking a model by itself")).to_be_visible()


def test_markup_of_a_model_is_shown_and_never_run(page: Page) -> None:
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    ask(page, "as a table")
    answer = finished(page)
    expect(answer.get_by_role("table")).to_contain_text("Switzerland")
    expect(answer).to_contain_text('<script>alert("never runs")</script>')
    expect(answer.get_by_role("link", name="a map (image, not loaded)")).to_be_visible()
    expect(answer.get_by_role("button", name="Copy the code")).to_be_visible()
    assert not [url for url in asked_for if "images.invalid" in url]


def test_a_question_is_asked_though_the_catalog_has_not_come(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/catalog", lambda route: held.append(route))
    page.reload()
    ask(page, TRAVEL)
    expect(page.get_by_role("button", name="Stop the answer")).to_be_visible()
    for route in held:
        route.continue_()
    expect(finished(page)).to_contain_text("seven hours")


def test_shift_enter_starts_a_line(page: Page) -> None:
    question = page.get_by_label("Your question")
    question.press_sequentially("one")
    question.press("Shift+Enter")
    question.press_sequentially("two")
    expect(question).to_have_value("one\ntwo")
    expect(answers(page)).to_have_count(0)


def test_a_conversation_of_somebody_else_is_not_here(page: Page) -> None:
    page.goto("/conversations/not-mine")
    expect(page.get_by_text("This conversation is not here")).to_be_visible()
