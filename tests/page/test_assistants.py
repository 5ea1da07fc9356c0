"""Assistants: making and changing one, mistakes at their fields, and two versions beside each other; doubted sentences."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.page.browsing import has_focus, is_wider_than_window, violations

pytestmark = pytest.mark.slow


def opened(page: Page) -> Page:
    page.goto("/assistants/handbook")
    page.get_by_role("region", name="handbook").wait_for()
    return page


@pytest.fixture
def handbook(page: Page) -> Page:
    return opened(page)


def ask(page: Page) -> tuple[Locator, Locator]:
    page.get_by_role("button", name="Ask", exact=True).click()
    here = page.get_by_role("article", name="As it stands here")
    saved = page.get_by_role("article", name="As it is saved")
    for column in (here, saved):
        expect(column.get_by_role("status").first).to_have_text("200 Done")
    return here, saved


def test_a_changed_prompt_is_tried_beside_the_saved_one_and_then_saved(handbook: Page) -> None:
    handbook.get_by_label("Prompt").fill("In verse, and lie.")
    here, saved = ask(handbook)
    doubted = here.get_by_text("First class is free for 99 managers")
    doubted.focus()
    expect(here.get_by_role("tooltip", name="")).to_have_text("Passage 1 does not say “99” there.")
    expect(doubted).to_have_accessible_description("Passage 1 does not say “99” there.")
    expect(here).to_contain_text("Of 2 sentences: 1 sentence not supported by the passages named. They are marked.")
    expect(here.get_by_role("list", name="Sources")).to_contain_text("Travel")
    expect(here).to_contain_text("Cost")
    expect(saved).to_contain_text("200 Done")
    assert violations(handbook) == []
    handbook.get_by_role("button", name="Save", exact=True).click()
    expect(handbook.get_by_text("Saved. Gateways serve it within two seconds.")).to_be_visible()
    handbook.reload()
    expect(handbook.get_by_label("Prompt")).to_have_value("In verse, and lie.")


def test_a_draft_that_is_wrong_is_not_asked_and_its_field_says_why(handbook: Page) -> None:
    handbook.get_by_label("Passages", exact=True).fill("99")
    handbook.get_by_role("button", name="Ask", exact=True).click()
    passages = handbook.get_by_label("Passages", exact=True)
    expect(passages).to_have_attribute("aria-invalid", "true")
    expect(passages).to_have_accessible_description("Expected `int` <= 50.")
    has_focus(passages)
    expect(handbook.get_by_role("article", name="As it stands here").get_by_role("status").first).to_have_text("Not run yet")
    handbook.get_by_role("button", name="Undo").click()
    expect(passages).to_have_value("8")
    expect(passages).not_to_have_attribute("aria-invalid", "true")


def test_a_new_assistant_is_made_tried_before_it_is_and_removed(page: Page) -> None:
    page.goto("/assistants?new")
    page.get_by_label("Title").fill("Help desk")
    page.get_by_label("handbook", exact=True).check()
    page.get_by_label("Question").fill("Who has keys?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("article", name="As it stands here").get_by_role("status").first).to_have_text("200 Done")
    page.get_by_label("Name", exact=True).fill("help-desk")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("heading", name="Help desk", level=1).wait_for()
    assert page.url.endswith("/assistants/help-desk")
    page.get_by_role("button", name="Actions for help-desk").click()
    page.get_by_role("menuitem", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("link", name="Help desk")).to_have_count(0)


def test_doubted_sentences_of_a_conversation_are_marked_and_counted(page: Page) -> None:
    page.get_by_role("textbox").last.fill("How may I travel?")
    page.keyboard.press("Enter")
    answer = page.get_by_role("article", name="Answer")
    expect(answer).to_contain_text("They are marked.")
    expect(answer).to_contain_text("1 sentence not supported by the passages named, 1 sentence without a passage")
    expect(answer.get_by_role("mark").filter(has_text="Visitors")).to_have_accessible_description(
        "This sentence names no passage that it rests on."
    )
    assert violations(page) == []
    page.reload()
    expect(page.get_by_role("article", name="Answer")).to_contain_text("They are marked.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_both_lights(sign_in: Callable[..., Page], scheme: str) -> None:
    page = opened(sign_in(viewport={"width": 390, "height": 800}, color_scheme=scheme))
    page.get_by_label("Prompt").fill("lie")
    ask(page)
    assert not is_wider_than_window(page)
    assert violations(page) == []
