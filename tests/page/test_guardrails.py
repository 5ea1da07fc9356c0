"""Guardrails: what each holds for, and a text to try one with."""

import pytest
from playwright.sync_api import Page, expect

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
