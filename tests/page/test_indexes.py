"""The versions of a collection's index: what each is, how they compare, and the moves between them."""

import pytest
from playwright.sync_api import Page, expect
from tests.page.browsing import violations

pytestmark = pytest.mark.slow


@pytest.fixture
def indexes(page: Page) -> Page:
    page.goto("/collections/handbook/indexes")
    page.get_by_role("list", name="Versions").wait_for()
    return page


def test_each_version_says_how_it_stands_and_how_its_search_compares(indexes: Page) -> None:
    ready = indexes.get_by_role("article", name="Version 3")
    expect(ready).to_contain_text("ready")
    expect(ready).to_contain_text("embed-large")
    report = ready.get_by_role("region", name="Version 3 compared with version 2")
    expect(report).to_contain_text("By 48 judged questions of default; of the first ten passages, 81 % are the same.")
    expect(report.get_by_role("row", name="Recall@10")).to_contain_text("+0.032")
    expect(report.get_by_role("row", name="MRR")).to_contain_text("−0.003")
    expect(indexes.get_by_role("article", name="Version 2")).to_contain_text("searched")
    indexes.get_by_text("1 version let go").click()
    expect(indexes.get_by_role("table", name="Versions let go").get_by_role("row")).to_have_count(2)


def test_building_anew_says_what_it_costs_and_then_how_far_it_is(indexes: Page) -> None:
    indexes.get_by_role("button", name="Build anew").click()
    question = indexes.get_by_role("dialog")
    expect(question).to_contain_text("about 1,824,000 tokens, about $0.24")
    expect(question).to_contain_text("Version 3 is given up")
    assert violations(indexes) == []
    question.get_by_role("button", name="Build it").click()
    built = indexes.get_by_role("article", name="Version 4")
    job = built.get_by_role("region", name="Job reindex")
    expect(job.get_by_role("progressbar")).to_be_visible()
    expect(job).to_contain_text("12.0 documents/s, 31.5 pages/s, about")
    expect(job).to_contain_text("Partition 1 of 3.")
    expect(built.get_by_role("button", name="Switch to it")).to_be_enabled()
    expect(built).to_contain_text("Version 4 is ready")


def test_versions_are_compared_switched_and_rolled_back(indexes: Page) -> None:
    page = indexes
    ready = page.get_by_role("article", name="Version 3")
    ready.get_by_role("button", name="Compare with version 2").click()
    expect(ready).to_contain_text("By 200 titles of documents")
    expect(ready).to_contain_text("Nothing was judged")
    ready.get_by_role("button", name="Switch to it").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Version 2 is kept, so that you can go back")
    question.get_by_label("Only if recall@10 and MRR are no lower").check()
    question.get_by_role("button", name="Switch", exact=True).click()
    expect(question.get_by_role("alert")).to_contain_text("MRR on 'default' would be 0.738 instead of 0.741")
    question.get_by_label("Only if recall@10 and MRR are no lower").uncheck()
    question.get_by_role("button", name="Switch", exact=True).click()
    expect(ready).to_contain_text("searched since")
    before = page.get_by_role("article", name="Version 2")
    before.get_by_role("button", name="Roll back to it").click()
    expect(page.get_by_role("dialog")).to_contain_text("nothing has to be embedded")
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(before).to_contain_text("searched since")
    expect(ready).to_contain_text("kept since")


def test_a_collection_without_documents_has_no_index(page: Page) -> None:
    page.goto("/collections/research-notes/indexes")
    expect(page.get_by_text("No index yet")).to_be_visible()
