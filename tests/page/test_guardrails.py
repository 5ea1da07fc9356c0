"""Guardrails: what each holds for, and a text to try one with."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.page.browsing import has_focus, is_taller_than_window, is_wider_than_window, violations

pytestmark = pytest.mark.slow


@pytest.fixture
def guardrails(page: Page) -> Page:
    page.get_by_role("link", name="Guardrails", exact=True).click()
    page.get_by_role("list", name="Guardrails").wait_for()
    return page


def test_each_guardrail_says_what_it_holds_for_and_what_its_guards_do(guardrails: Page) -> None:
    personal = guardrails.get_by_role("article", name="personal-data")
    expect(personal).to_contain_text("for everything")
    expect(personal.get_by_role("row", name="personal")).to_contain_text("EMAIL_ADDRESS")
    expect(personal.get_by_role("row", name="personal")).to_contain_text("held back as far as needed")
    manners = guardrails.get_by_role("article", name="manners")
    expect(manners).to_contain_text("for routes best; teams lab")
    expect(manners.get_by_role("row", name="compliance")).to_contain_text("as it replies")


def test_a_text_shows_what_was_found_and_how_it_goes_on(guardrails: Page) -> None:
    guardrails.get_by_label("Guardrail", exact=True).select_option("personal-data")
    guardrails.get_by_label("Text", exact=True).fill("🦊 I am ada@example.com.")
    guardrails.get_by_role("button", name="Try it").click()
    expect(guardrails.get_by_label("What was found").locator("mark")).to_have_text("ada@example.comEMAIL_ADDRESS")
    expect(guardrails.get_by_text("I am [EMAIL_ADDRESS].")).to_be_visible()
    expect(guardrails.get_by_role("list", name="Verdicts")).to_contain_text("personal: mask")


def test_a_refusal_is_said_and_an_old_outcome_goes(guardrails: Page) -> None:
    guardrails.get_by_label("Guardrail", exact=True).select_option("manners")
    guardrails.get_by_label("Text", exact=True).fill("a griffin")
    guardrails.get_by_role("button", name="Try it").click()
    expect(guardrails.get_by_text("its guard 'words' found DENIED")).to_be_visible()
    guardrails.get_by_label("Text", exact=True).fill("a bird")
    expect(guardrails.get_by_text("found DENIED")).to_have_count(0)


def test_a_gateway_that_is_away_is_said(guardrails: Page) -> None:
    guardrails.get_by_label("Text", exact=True).fill("broken")
    guardrails.get_by_role("button", name="Try it").click()
    expect(guardrails.get_by_role("alert")).to_contain_text("cannot be reached")


def test_a_guardrail_is_made_tried_and_saved(guardrails: Page) -> None:
    page = guardrails
    page.get_by_role("link", name="New guardrail").click()
    page.get_by_label("Name", exact=True).fill("no-griffins")
    guard = page.get_by_role("listitem", name="Guard 1")
    guard.get_by_label("Looks for").select_option("words")
    guard.get_by_label("Words", exact=True).fill("griffin\ntwo words\n")
    guard.get_by_label("Does").select_option("warn")
    page.get_by_label("Text", exact=True).fill("a griffin")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_label("What was found").locator("mark")).to_have_text("griffinDENIED")
    page.get_by_role("button", name="Review and save").click()
    dialog = page.get_by_role("dialog", name="Make the guardrail no-griffins?")
    expect(dialog.get_by_label("Changes")).to_contain_text("{type: words, deny: [griffin, two words], action: warn}")
    dialog.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="no-griffins")).to_be_visible()
    page.get_by_role("link", name="All guardrails").click()
    expect(page.get_by_role("article", name="no-griffins")).to_contain_text("2 words of your own")


def test_a_mistake_stands_at_its_field_and_nothing_is_saved(guardrails: Page) -> None:
    page = guardrails
    page.get_by_role("link", name="personal-data", exact=True).click()
    page.get_by_role("button", name="Add a guard").click()
    page.get_by_role("button", name="Review and save").click()
    words = page.get_by_role("listitem", name="Guard 2").get_by_label("Words", exact=True)
    expect(words).to_have_attribute("aria-invalid", "true")
    has_focus(words)
    expect(page.get_by_role("listitem", name="Guard 2")).to_contain_text("No words are given")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("listitem", name="Guard 2")).to_have_count(0)


def test_the_same_guardrail_is_written_as_json(guardrails: Page) -> None:
    page = guardrails
    page.get_by_role("link", name="manners", exact=True).click()
    page.get_by_role("button", name="As JSON").click()
    written = page.get_by_label("The guardrail as JSON")
    expect(written).to_have_value(re.compile('"url": "http://10.20.0.8/judge"'))
    written.fill("{")
    expect(page.get_by_text("Line 1, column 2")).to_be_visible()
    written.fill('{"kind": "Guardrail", "name": "manners", "default": true, "guards": [{"type": "size", "tokens": 4000}]}')
    page.get_by_role("button", name="As a form").click()
    expect(page.get_by_role("listitem", name="Guard 1").get_by_label("Tokens")).to_have_value("4000")
    expect(page.get_by_label("Holds for everything")).to_be_checked()
    page.get_by_label("Holds for everything").uncheck()
    page.get_by_label("Routes and models").fill("best, gpt-4.1")
    page.get_by_role("button", name="Review and save").click()
    expect(page.get_by_label("Changes")).to_contain_text("routes: [best, gpt-4.1]")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. Gateways serve it within two seconds.")).to_be_visible()


def test_a_guardrail_is_what_it_was_again(guardrails: Page) -> None:
    page = guardrails
    page.get_by_role("link", name="manners", exact=True).click()
    page.get_by_label("Description").fill("Other words")
    page.get_by_role("button", name="Review and save").click()
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Actions for version 1").click()
    page.get_by_role("menuitem", name="See what differs, restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore version 1").click()
    expect(page.get_by_text("Version 1 is in force again, as version 3.")).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value("")


def test_a_guardrail_is_removed_once_that_is_meant(guardrails: Page) -> None:
    page = guardrails
    page.get_by_role("link", name="manners", exact=True).click()
    page.get_by_role("button", name="Actions for manners").click()
    page.get_by_role("menuitem", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("article", name="personal-data")).to_be_visible()
    expect(page.get_by_role("article", name="manners")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_editor_is_for_everybody(sign_in: Callable[..., Page], width: int) -> None:
    page = sign_in(viewport={"width": width, "height": 800})
    page.goto("/guardrails/manners")
    page.get_by_role("listitem", name="Guard 2").wait_for()
    assert violations(page) == []
    assert not is_wider_than_window(page)
    assert not is_taller_than_window(page)


def test_the_editor_says_what_a_guardrail_would_have_changed(guardrails: Page) -> None:
    page = guardrails
    page.get_by_role("link", name="manners", exact=True).click()
    page.get_by_label("Requests of").select_option("1")
    page.get_by_role("button", name="Replay").click()
    changes = page.get_by_label("Changes to requests")
    expect(changes).to_contain_text("1 would newly be refused: guardrail_refused.")
    expect(changes).to_contain_text("They would cost $1.80 instead of $2.00.")
    expect(page.get_by_text("Guardrails were not run for 6: no content kept.")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Description").fill("Other words")
    expect(changes).to_have_count(0)
