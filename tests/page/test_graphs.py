"""The knowledge graph in the page: entities, one with its relations, and the box for SPARQL."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.page.browsing import violations

pytestmark = pytest.mark.slow

GRAPH, SPARQL = "/collections/handbook/graph", "/collections/handbook/sparql"


def test_entities_are_found_and_one_is_shown_with_what_is_said_of_it(page: Page) -> None:
    page.goto(GRAPH)
    found = page.get_by_role("list", name="Entities found").get_by_role("link")
    expect(found).to_have_count(7)
    page.get_by_label("Search entities").fill("travel")
    expect(found).to_have_count(1)
    found.first.click()
    entity = page.get_by_role("article", name="Travel Policy")
    owner = entity.locator("dl > div").filter(has_text="owner")
    expect(owner.get_by_role("link", name="Gideon Marsh")).to_be_visible()
    expect(owner.get_by_role("link", name="Travel Policy")).to_have_attribute(
        "href", "/collections/handbook/documents/doc-travel?at=2000"
    )
    expect(entity.locator("dl > div").filter(has_text="is replaces of")).to_contain_text("Procurement")
    page.get_by_label("Search entities").fill("nobody")
    expect(page.get_by_text("Nothing is called that")).to_be_visible()


def test_the_drawing_leads_on_by_mouse_and_by_keyboard(page: Page) -> None:
    page.goto(f"{GRAPH}?entity=travel%20policy")
    drawing = page.get_by_role("group", name="Travel Policy and what it has to do with")
    expect(drawing.get_by_role("link")).to_have_count(6)
    drawing.get_by_role("link", name="Gideon Marsh owner").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Gideon Marsh")).to_be_visible()
    page.get_by_role("group", name=re.compile("^Gideon Marsh and")).get_by_role("link", name="Wayfare").click()
    expect(page.get_by_role("article", name="Wayfare")).to_be_visible()
    page.goto(f"{GRAPH}?entity=none")
    expect(page.get_by_role("alert")).to_contain_text("nothing called that")


def test_a_query_is_asked_and_answered_as_a_table(page: Page) -> None:
    page.goto(SPARQL)
    page.get_by_role("button", name="What is named most often").click()
    box = page.get_by_label("SPARQL query")
    expect(box).to_have_value(re.compile("ORDER BY DESC"))
    box.press("Control+Enter")
    table = page.get_by_role("table", name="Answer")
    expect(table.get_by_role("row")).to_have_count(8)
    expect(table.get_by_role("link", name="stoa:entity/wayfare")).to_have_attribute(
        "href", "/collections/handbook/graph?entity=wayfare"
    )
    box.fill("SELEKT")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("line 1, column 1")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_both(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.goto(f"{GRAPH}?entity=travel%20policy")
    page.get_by_role("article", name="Travel Policy").wait_for()
    found = violations(page)
    assert found == [], found
    page.goto(SPARQL)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("table", name="Answer").wait_for()
    found = violations(page)
    assert found == [], found
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{GRAPH}?entity=travel%20policy")
    page.get_by_role("article", name="Travel Policy").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
