"""The usage screen."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow


@pytest.fixture
def usage(page: Page) -> Page:
    page.get_by_role("link", name="Usage").click()
    page.get_by_role("heading", name="By model").wait_for()
    return page


def test_unknown_cost_is_never_zero(usage: Page) -> None:
    models = usage.get_by_role("table", name="Usage by model")
    expect(models.get_by_role("row", name="local-qwen")).to_contain_text("unknown")
    expect(models.get_by_role("row", name="stoa-reader")).to_contain_text("$0.00")
    expect(usage.get_by_text("is not known", exact=False)).to_be_visible()


def test_the_chart_is_told_in_words_and_in_a_table(usage: Page) -> None:
    chart = usage.get_by_role("img", name="Requests by day over 30 days")
    expect(chart).to_be_visible()
    usage.get_by_role("radio", name="Cost").check()
    expect(usage.get_by_role("img", name="Cost by day over 30 days")).to_be_visible()
    usage.get_by_text("The days as a table").click()
    expect(usage.get_by_role("table", name="Usage by day").get_by_role("row")).to_have_count(31)


def test_the_time_is_chosen(usage: Page) -> None:
    with usage.expect_request(lambda request: "group_by=day" in request.url) as asked:
        usage.get_by_role("radio", name="7 days").check()
    assert "from=20" in asked.value.url
    expect(usage.get_by_role("img", name="Requests by day over 7 days")).to_be_visible()


def test_usage_is_put_together_by_project_and_by_user(usage: Page) -> None:
    usage.get_by_role("radio", name="Project").check()
    projects = usage.get_by_role("table", name="Usage by project")
    expect(projects.get_by_role("row", name="apollo")).to_be_visible()
    expect(projects.get_by_role("row", name="no project")).to_contain_text("unknown")
    usage.get_by_role("radio", name="User").check()
    expect(usage.get_by_role("table", name="Usage by user").get_by_role("row", name="ada")).to_be_visible()
