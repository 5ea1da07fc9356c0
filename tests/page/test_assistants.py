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


def act(page: Page, version: int, action: str) -> None:
    page.get_by_role("button", name=f"Actions for version {version}").click()
    page.get_by_role("menuitem", name=action).click()


def test_an_earlier_version_is_tried_beside_what_stands_here(handbook: Page) -> None:
    rows = handbook.get_by_role("region", name="Versions").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("3present")
    expect(rows.nth(3)).to_contain_text("benMade")
    act(handbook, 1, "Try beside")
    expect(handbook.get_by_label("Beside", exact=True)).to_have_value("1")
    has_focus(handbook.get_by_label("Question"))
    handbook.get_by_role("button", name="Ask", exact=True).click()
    was = handbook.get_by_role("article", name="As version 1 was")
    expect(was).to_contain_text("By rail, second class is what employees take")
    expect(handbook.get_by_role("article", name="As it is")).to_contain_text("Employees travel second class by rail")
    expect(handbook.get_by_label("Prompt")).to_have_value("Answer in plain words.")


def test_what_differs_is_shown_and_a_version_is_restored(handbook: Page) -> None:
    act(handbook, 1, "See what differs, restore")
    dialog = handbook.get_by_role("dialog")
    expect(dialog.get_by_label("Compared with")).to_have_value("")
    dialog.get_by_label("Compared with").select_option(label="version 3, the present one")
    differs = dialog.get_by_label("What differs")
    expect(differs).to_contain_text("removed: Answer in plain words.added: Answer in verse.added: Never lie.")
    expect(differs).to_contain_text("passages")
    assert violations(handbook) == []
    dialog.get_by_role("button", name="Restore version 1").click()
    expect(handbook.get_by_text("Version 1 is in force again, as version 4.")).to_be_visible()
    expect(handbook.get_by_label("Prompt")).to_have_value("Answer in verse.\nNever lie.")
    expect(handbook.get_by_label("Passages", exact=True)).to_have_value("4")
    expect(handbook.get_by_role("region", name="Versions")).to_contain_text("Restored from version 1: prompt, passages")


def test_a_version_that_cannot_be_as_it_was_says_why(handbook: Page) -> None:
    act(handbook, 2, "See what differs, restore")
    dialog = handbook.get_by_role("dialog")
    dialog.get_by_role("button", name="Restore version 2").click()
    expect(dialog.get_by_role("alert")).to_have_text(
        "Version 2 cannot be as it was. Assistant 'handbook', field 'collections': there is no 'minutes'."
    )
    dialog.get_by_role("button", name="Close").click()
    expect(handbook.get_by_label("Prompt")).to_have_value("Answer in plain words.")


def test_a_removed_assistant_comes_back(handbook: Page) -> None:
    handbook.get_by_role("button", name="Actions for handbook").click()
    handbook.get_by_role("menuitem", name="Remove").click()
    handbook.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(handbook.get_by_role("link", name="Handbook")).to_have_count(0)
    handbook.goto("/assistants/handbook")
    expect(handbook.get_by_text("It was removed. What it was is still known.")).to_be_visible()
    assert violations(handbook) == []
    act(handbook, 3, "See what differs, restore")
    handbook.get_by_role("dialog").get_by_role("button", name="Restore version 3").click()
    expect(handbook.get_by_label("Prompt")).to_have_value("Answer in plain words.")


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
