"""Sources of a collection: how each is, its syncs, and a form for another."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.page.browsing import is_wider_than_window, violations

pytestmark = pytest.mark.slow


@pytest.fixture
def sources(page: Page) -> Page:
    page.goto("/collections/handbook/sources")
    page.get_by_role("table", name="Sources of handbook").wait_for()
    return page


def test_each_source_says_how_it_is_and_when_it_looks_again(sources: Page) -> None:
    def row(name: str) -> re.Pattern[str]:
        return re.compile(f"^{name} ")

    files = sources.get_by_role("row", name=row("handbook-files"))
    expect(files).to_contain_text("in step")
    expect(files).to_contain_text("1,204, 2 failed")
    expect(files).to_contain_text("As soon as something changes and every 15m")
    expect(sources.get_by_role("row", name=row("wiki"))).to_contain_text("cannot be reached: connection refused")
    expect(sources.get_by_role("row", name=row("crawl"))).to_contain_text("syncing")
    expect(sources.get_by_role("row", name=row("inbox"))).to_contain_text("When documents are sent")


def test_a_source_shows_what_failed_and_its_syncs_and_is_synced_and_tested(sources: Page) -> None:
    sources.get_by_role("link", name="handbook-files").click()
    page = sources
    expect(page.get_by_text("scans/1998-minutes.pdf")).to_be_visible()
    rows = page.get_by_role("table", name="Syncs of handbook-files").get_by_role("row")
    expect(rows).to_have_count(5)
    expect(rows.nth(2)).to_contain_text("3 with other rights")
    expect(rows.nth(2)).to_contain_text("0.6 s")
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_text("holds 500 or more files")).to_be_visible()
    page.get_by_role("button", name="Sync now").click()
    expect(rows).to_have_count(6)


def test_removals_that_are_too_many_are_confirmed_here(sources: Page) -> None:
    sources.get_by_role("link", name="records").click()
    page = sources
    expect(page.get_by_text("812 of its 1,204 documents are gone").first).to_be_visible()
    page.get_by_role("button", name="They are meant to go").click()
    page.get_by_role("button", name="Sync and remove").click()
    expect(page.get_by_role("cell", name="812 removed")).to_be_visible()


def test_a_sync_under_way_says_how_far_it_is(sources: Page) -> None:
    sources.get_by_role("link", name="crawl").click()
    expect(sources.get_by_text("Fetched 40 of 300 documents")).to_be_visible()
    expect(sources.get_by_role("button", name="Cancel")).to_be_enabled()
    expect(sources.get_by_role("button", name="Sync now")).to_be_disabled()


def test_another_source_is_drawn_up_tested_refused_and_saved(sources: Page) -> None:
    page = sources
    page.get_by_role("button", name="Add a source").click()
    form = page.get_by_role("form", name="New source")
    for kind in ("bucket", "git", "website", "sql", "mail", "push", "plugin"):
        form.get_by_label("Type", exact=True).select_option(kind)
        assert violations(page) == [], kind
        assert not is_wider_than_window(page), kind
    form.get_by_label("Type", exact=True).select_option("folder")
    form.get_by_label("Name", exact=True).fill("attic")
    form.get_by_label("Path", exact=True).fill("/etc")
    form.get_by_role("button", name="Test").click()
    expect(form.get_by_text("is not to be indexed")).to_be_visible()
    form.get_by_label("Path", exact=True).fill("srv/attic")
    form.get_by_role("button", name="Add it").click()
    expect(form.get_by_label("Path", exact=True)).to_be_focused()
    expect(form.get_by_text("must be an absolute path").first).to_be_visible()
    form.get_by_label("Path", exact=True).fill("/srv/attic")
    form.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="attic")).to_be_visible()
    expect(page.get_by_text("It was never synced")).to_be_visible()
