"""The screen of budgets."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.slow


@pytest.fixture
def budgets(page: Page) -> Page:
    page.get_by_role("link", name="Usage", exact=True).click()
    page.get_by_role("link", name="Budgets").click()
    page.get_by_role("heading", name="Budgets").wait_for()
    return page


def test_each_budget_says_what_is_used_when_it_begins_anew_and_as_of_when(budgets: Page) -> None:
    rows = budgets.get_by_role("list", name="Budgets").get_by_role("listitem")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("Team company")
    expect(rows.nth(0)).to_contain_text("used up")
    expect(rows.nth(1)).to_contain_text("over its soft limit")
    expect(rows.nth(1)).to_contain_text("$1.50 of $2.00 a day, and 3 requests of unknown cost")
    expect(rows.nth(1)).to_contain_text("Anew")
    expect(rows.nth(1)).to_contain_text("Europe/Berlin")
    expect(budgets.get_by_text("As of", exact=False)).to_be_visible()


def test_a_bar_is_told_in_words(budgets: Page) -> None:
    bar = budgets.get_by_role("meter", name="Used of Project apollo · projects")
    expect(bar).to_have_attribute("aria-valuenow", "75")
    expect(bar).to_have_attribute("aria-valuetext", "$1.50 of $2.00 a day, and 3 requests of unknown cost")


def test_where_there_is_none_it_says_how_to_set_one(sign_in: Callable[..., Page]) -> None:
    page = sign_in()
    page.route("**/api/budgets", lambda route: route.fulfill(json={"data": []}))
    page.get_by_role("link", name="Usage", exact=True).click()
    page.get_by_role("link", name="Budgets").click()
    expect(page.get_by_text("There is no budget")).to_be_visible()


def test_a_failure_is_said_and_asked_again_on_demand(sign_in: Callable[..., Page]) -> None:
    page, asked = sign_in(), list[str]()

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=503, json={"error": {"message": "The database cannot be reached.", "code": "database_away"}})
        else:
            route.continue_()

    page.route("**/api/budgets", answer)
    page.get_by_role("link", name="Usage", exact=True).click()
    page.get_by_role("link", name="Budgets").click()
    expect(page.get_by_role("alert")).to_contain_text("The database cannot be reached.")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Team company")).to_be_visible()
