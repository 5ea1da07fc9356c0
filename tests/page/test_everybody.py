"""For everybody: keyboard, screen reader, light and dark, phone width; waiting, empty and failed lists."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from tests.page.browsing import (
    bar_is_in_one_row,
    becomes_true,
    has_focus,
    is_taller_than_window,
    is_wider_than_window,
    violations,
)

pytestmark = pytest.mark.slow

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
SCREENS = (
    "/conversations",
    "/collections/handbook",
    "/collections/handbook/documents/doc-lab?at=100",
    "/collections/handbook/sources",
    "/collections/handbook/sources?source=handbook-files",
    "/collections/handbook/sources?source=records",
    "/collections/handbook/indexes",
    "/collections/handbook/search?q=class+of+travel+by+air",
    "/collections/handbook/evaluation",
    "/collections/handbook/usage",
    "/collections/handbook/graph",
    "/collections/handbook/sparql",
    "/collections/handbook/versions",
    "/collections/handbook/connect",
    "/assistants",
    "/assistants/handbook",
    "/assistants?new",
    "/playground",
    "/requests",
    "/usage",
    "/usage/budgets",
    "/models",
    "/routes",
    "/routes/best",
    "/routes?new",
    "/providers",
    "/guardrails",
    "/guardrails?new",
)
LOOKS = pytest.mark.parametrize(
    "look",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE | {"color_scheme": "light"}],
    ids=["light", "dark", "phone"],
)


def visit(page: Page, path: str) -> None:
    page.goto(path)
    page.get_by_role("main").wait_for()
    expect(page.get_by_text(re.compile("^Loading"))).to_have_count(0)


@LOOKS
def test_every_screen_passes_axe_and_fits(sign_in: Callable[..., Page], look: dict[str, Any]) -> None:
    page = sign_in(reduced_motion="reduce", **look)
    for path in SCREENS:
        visit(page, path)
        assert violations(page) == [], path
        assert not is_wider_than_window(page), path
        assert not is_taller_than_window(page), path


def test_the_bar_is_one_row_at_every_width(sign_in: Callable[..., Page]) -> None:
    page = sign_in()
    visit(page, "/usage")
    for width in (390, 1024, 1121, 1241, 1280, 1440, 1641, 1781, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        becomes_true(page, "width => window.innerWidth === width", width)
        assert bar_is_in_one_row(page), width


@LOOKS
def test_an_answer_with_its_source_open_passes_axe(sign_in: Callable[..., Page], look: dict[str, Any]) -> None:
    page = sign_in(reduced_motion="reduce", **look)
    page.get_by_role("list", name="Examples").get_by_role("button").last.click()
    page.get_by_role("button", name="Good answer").wait_for()
    page.get_by_role("button", name="Source 1").first.click()
    page.get_by_role("dialog", name="Source").or_(page.get_by_role("complementary", name="Source")).locator("mark").wait_for()
    assert violations(page) == []
    assert not is_wider_than_window(page)


def test_the_sign_in_passes_axe(open_page: Callable[..., Page]) -> None:
    page = open_page(reduced_motion="reduce")
    page.goto("/sign-in?token=used")
    page.get_by_role("alert").wait_for()
    assert violations(page) == []


def test_the_theme_is_chosen_and_kept(page: Page) -> None:
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == "rgb(19, 22, 27)"


def test_a_new_answer_is_read_out_sentence_by_sentence(page: Page) -> None:
    page.get_by_role("list", name="Examples").get_by_role("button").first.click()
    said = page.get_by_role("log", name="Answer").locator("p")
    expect(said.last).to_have_text("End of the answer.")
    expect(said.first).to_have_text(
        "Employees travel second class by rail; first class may be booked for journeys of more than three hours "
        "when the fare is at most 30 percent above second class."
    )


def test_the_keyboard_alone_reaches_everything(page: Page) -> None:
    example = "What do I wear in a laboratory of class B2?"
    has_focus(page.get_by_label("Your question"))
    expect(page.get_by_role("button", name=example, exact=True)).to_be_visible()
    reached: list[str] = []
    while "To the content" not in reached:
        page.keyboard.press("Shift+Tab")
        reached.append(page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent.trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", reached[-1]
        assert len(reached) < 30
    places = {
        "Stoa",
        "Conversations",
        "Collections",
        "Playground",
        "Usage",
        "Models",
        "Routes",
        "Providers",
        "Theme: system. Change to light",
        "Sign out",
    }
    assert places | {"New conversation", "Search conversations", example} <= set(reached)
    page.keyboard.press("Enter")
    has_focus(page.get_by_role("main"))


def test_a_phone_shows_conversations_in_a_drawer_and_sources_in_a_sheet(sign_in: Callable[..., Page]) -> None:
    page = sign_in(reduced_motion="reduce", **PHONE)
    page.get_by_role("list", name="Examples").get_by_role("button").first.click()
    page.get_by_role("button", name="Good answer").wait_for()
    page.get_by_role("button", name="Source 1").first.click()
    sheet = page.get_by_role("dialog", name="Source")
    expect(sheet.locator("mark")).to_be_in_viewport()
    box = sheet.bounding_box()
    assert box is not None
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 360, 740)
    page.get_by_role("button", name="Close the source").click()
    page.get_by_role("button", name="Show conversations").click()
    page.get_by_role("dialog", name="Conversations").get_by_role("link", name="New conversation").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "api"),
    [
        ("/conversations", "/api/conversations"),
        ("/conversations", "/api/catalog"),
        ("/collections", "/api/collections"),
        ("/collections/handbook", "/api/collections/handbook/documents"),
        ("/collections/handbook/documents/doc-lab", "/api/documents/doc-lab"),
        ("/collections/handbook/documents/doc-lab", "/api/documents/doc-lab/chunks"),
        ("/collections/handbook/search?q=class", "/api/collections/handbook/search"),
        ("/collections/handbook/indexes", "/api/collections/handbook/indexes"),
        ("/collections/handbook/evaluation", "/api/evaluation-sets"),
        ("/collections/handbook/usage", "/api/collections/handbook/usage"),
        ("/playground", "/api/catalog"),
        ("/usage", "/api/usage"),
        ("/usage/budgets", "/api/budgets"),
        ("/models", "/api/targets"),
        ("/routes", "/api/resources"),
        ("/providers", "/api/resources"),
    ],
)
def test_a_list_that_fails_says_so_and_is_asked_for_again(page: Page, path: str, api: str) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=500, json={"error": {"message": "The database is away.", "code": "database_away"}})

    pattern = re.compile(rf"{api}(\?|$)")
    page.route(pattern, refuse)
    page.goto(path)
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text("The database is away.")
    page.unroute(pattern)
    alert.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_lists_keep_their_place_while_they_load(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/conversations", lambda route: held.append(route))
    page.reload()
    expect(page.get_by_text("Loading conversations")).to_be_attached()
    for route in held:
        route.continue_()
    expect(page.get_by_text("No conversations yet")).to_be_visible()
