"""Models and providers: how they are doing, refreshed while one looks."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect
from tests.page.browsing import violations

pytestmark = pytest.mark.slow


@pytest.fixture
def models(page: Page) -> Page:
    page.get_by_role("link", name="Models", exact=True).click()
    page.get_by_role("table", name="Models").wait_for()
    return page


def test_a_model_shows_its_price_its_speed_and_how_it_is_doing(models: Page) -> None:
    west = models.get_by_role("row", name="gpt-4.1-west")
    expect(west).to_contain_text("left alone for 12 s")
    expect(west).to_contain_text("$2.00 / $8.00")
    expect(west).to_contain_text("9.40 s")
    expect(west).to_contain_text("32 %")
    expect(models.get_by_role("row", name="qwen3-32b")).to_contain_text("health check fails: it answered 503")
    expect(models.get_by_text("6 models at 4 providers, 3 in trouble")).to_be_visible()


def test_what_is_not_known_is_never_zero(models: Page) -> None:
    qwen = models.get_by_role("row", name="qwen3-32b")
    expect(qwen).to_contain_text("unknown")
    reader = models.get_by_role("row", name="stoa-reader")
    expect(reader).to_contain_text("Not asked yet")
    expect(reader.get_by_role("cell").nth(5)).to_have_text("–")


def test_figures_are_refreshed_and_what_is_open_stays_open(models: Page) -> None:
    models.get_by_role("button", name="gpt-4.1-west").click()
    workers = models.get_by_role("list", name="As each gateway sees it")
    expect(workers.get_by_role("listitem")).to_have_count(2)
    count = models.get_by_role("row", name="Healthy gpt-4.1 ").get_by_role("cell").last
    before = count.inner_text()
    expect(count).not_to_have_text(before)
    expect(workers).to_be_visible()
    expect(models.get_by_role("status").filter(has_text="Loading")).to_have_count(0)


def test_an_opened_model_leads_to_its_routes(models: Page) -> None:
    models.get_by_role("button", name="gpt-4.1-west").click()
    models.get_by_role("link", name="best").click()
    expect(models.get_by_role("region", name="best")).to_be_visible()


def test_a_model_is_found_by_name_and_provider(models: Page) -> None:
    models.get_by_label("Find a model").fill("azure")
    expect(models.get_by_role("table").get_by_role("row")).to_have_count(2)
    models.get_by_label("Find a model").fill("nowhere")
    expect(models.get_by_text("No model fits")).to_be_visible()


def test_old_figures_stay_and_are_called_old(models: Page) -> None:
    models.route(
        "**/api/targets", lambda route: route.fulfill(status=500, json={"error": {"message": "Away.", "code": "away"}})
    )
    expect(models.get_by_text("These figures are not up to date. Away.")).to_be_visible()
    expect(models.get_by_role("row", name="gpt-4.1-west")).to_be_visible()


def test_that_no_gateway_reports_is_said(page: Page) -> None:
    page.route("**/api/targets", lambda route: route.fulfill(json={"workers": 0, "data": []}))
    page.goto("/models")
    expect(page.get_by_text("No gateway has reported")).to_be_visible()
    expect(page.get_by_text("stoa apply -f provider.yaml")).to_be_visible()


def test_a_provider_names_its_secrets_and_shows_none(page: Page) -> None:
    page.get_by_role("link", name="Providers", exact=True).click()
    azure = page.get_by_role("article", name="azure-west")
    expect(azure).to_contain_text("https://meridian-west.openai.azure.com")
    expect(azure).to_contain_text("set: tenant_id, client_id, client_secret")
    expect(azure.get_by_role("row", name="gpt-4.1-west")).to_contain_text("Left alone for 12 s")
    expect(page.get_by_role("article", name="spare")).to_contain_text("No model of this provider yet")
    expect(page.get_by_role("article", name="stoa-engine")).to_contain_text("built in")
    assert "***" not in page.content()


def test_without_a_provider_the_page_says_how_one_is_added(page: Page) -> None:
    page.route("**/api/resources?*", lambda route: route.fulfill(json={"data": [], "next_cursor": None}))
    page.route("**/api/targets", lambda route: route.fulfill(json={"workers": 1, "data": []}))
    page.goto("/providers")
    expect(page.get_by_text("stoa apply -f examples/providers/openai-compatible.yaml")).to_be_visible()


def test_only_those_who_may_see_models_are_led_there(open_page: Callable[..., Page]) -> None:
    page = open_page()

    def as_a_member(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        if "rights" in told:
            told["rights"] = {"see_models": False, "change_routes": False}
        route.fulfill(response=answer, json=told)

    page.route("**/api/session*", as_a_member)
    page.goto("/sign-in?token=good")
    expect(page.get_by_role("link", name="Usage", exact=True)).to_be_visible()
    for name in ("Models", "Routes", "Providers"):
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)


def test_an_earlier_version_of_a_provider_is_looked_at_once_asked_for(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/versions" in request.url else None)
    page.goto("/providers")
    openai = page.get_by_role("article", name="openai", exact=True)
    openai.wait_for()
    assert asked == []
    openai.get_by_text("Versions of openai").click()
    expect(openai.get_by_role("table", name="Versions of openai").get_by_role("row").nth(1)).to_contain_text("Made")
    assert violations(page) == []
    openai.get_by_role("button", name="Actions for version 1").click()
    page.get_by_role("menuitem", name="See what differs").click()
    expect(page.get_by_role("dialog", name="Version 1 of openai").get_by_label("What differs")).to_contain_text("api key")
