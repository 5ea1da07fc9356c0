"""The documents of a collection: what is there, what failed, and adding more."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect

pytestmark = pytest.mark.slow


def file(name: str) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": b"words " * 500}


@pytest.fixture
def handbook(page: Page) -> Page:
    page.get_by_role("link", name="Collections").click()
    page.get_by_role("link", name="handbook").click()
    page.get_by_role("table").wait_for()
    return page


def test_documents_show_their_state_their_rights_and_why_they_failed(handbook: Page) -> None:
    leave = handbook.get_by_role("row", name="Parental Leave")
    expect(leave.get_by_role("listitem")).to_have_text(["group hr", "team company"])
    budget = handbook.get_by_role("row", name="Budget 2027")
    expect(budget.get_by_role("listitem")).to_have_text(["group finance", "not group contractors"])
    scan = handbook.get_by_role("row", name="scan-0413.pdf")
    expect(scan).to_contain_text("failed")
    expect(scan).to_contain_text("The file is encrypted.")


def test_a_document_says_which_pages_were_not_read_and_which_other_it_repeats(handbook: Page) -> None:
    tests = handbook.get_by_role("row", name="Hood Tests")
    expect(tests).to_contain_text("Not read, for they are pictures: page 2 of 6.")
    expect(tests).to_contain_text("Almost the same as Laboratory Safety")
    tests.get_by_role("link", name="Laboratory Safety").click()
    expect(handbook).to_have_url(re.compile("documents/doc-lab$"))


def test_documents_are_found_by_name_and_state(handbook: Page) -> None:
    handbook.get_by_label("State").select_option("failed")
    expect(handbook.get_by_role("row")).to_have_count(3)
    handbook.get_by_label("Search documents").fill("minutes")
    expect(handbook.get_by_role("row")).to_have_count(2)
    handbook.get_by_label("Search documents").fill("nowhere")
    expect(handbook.get_by_text("No document fits")).to_be_visible()


def test_added_files_are_read_live_and_failures_are_named(handbook: Page) -> None:
    handbook.locator("input[type=file]").set_input_files([file("plan.md"), file("broken.pdf"), file("extra.txt")])
    chosen = handbook.get_by_role("list", name="Files to add")
    expect(chosen.get_by_role("listitem")).to_have_count(3)
    handbook.get_by_role("button", name="Leave out extra.txt").click()
    handbook.get_by_label("Only for the groups").fill("hr")
    handbook.get_by_role("button", name="Add 2 files").click()
    job = handbook.get_by_role("region", name="Job ingest")
    expect(job.get_by_role("progressbar")).to_be_visible()
    expect(job.get_by_role("status")).to_have_text("Done: 1 of 2 documents read, 4 pages, 1 failed")
    expect(job.get_by_role("list", name="Files that failed")).to_contain_text("broken.pdf The file is damaged")
    row = handbook.get_by_role("row", name="plan.md")
    expect(row).to_contain_text("indexed")
    expect(row.get_by_role("listitem")).to_have_text("group hr")
    job.get_by_role("button", name="Put away").click()
    expect(job).to_have_count(0)


def test_files_are_dropped_anywhere(handbook: Page) -> None:
    transfer = handbook.evaluate_handle(
        "() => { const data = new DataTransfer(); data.items.add(new File(['words'], 'dropped.md')); return data; }"
    )
    pane = handbook.get_by_role("group", name="Documents of handbook")
    pane.dispatch_event("dragenter", {"dataTransfer": transfer})
    expect(handbook.get_by_text("Drop to add to handbook")).to_be_visible()
    pane.dispatch_event("drop", {"dataTransfer": transfer})
    expect(handbook.get_by_role("list", name="Files to add")).to_contain_text("dropped.md")


def test_a_document_is_removed_after_a_question(handbook: Page) -> None:
    handbook.get_by_role("button", name="Actions for Budget 2027").click()
    handbook.get_by_role("menuitem", name="Remove").click()
    handbook.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(handbook.get_by_role("row", name="Budget 2027")).to_have_count(0)
    expect(handbook.get_by_text("“Budget 2027” is removed.")).to_be_visible()


def test_a_running_job_can_be_cancelled(handbook: Page) -> None:
    handbook.locator("input[type=file]").set_input_files([file(f"part-{n}.md") for n in range(12)])
    handbook.get_by_role("button", name="Add 12 files").click()
    handbook.get_by_role("button", name="Cancel").click()
    expect(handbook.get_by_role("region", name="Job ingest")).to_contain_text("Cancelled")


def test_an_empty_collection_says_what_to_do(page: Page) -> None:
    page.goto("/collections/research-notes")
    expect(page.get_by_text("No documents yet")).to_be_visible()
    page.goto("/collections/nowhere")
    expect(page.get_by_text("There is no collection “nowhere”")).to_be_visible()


def test_a_collection_says_how_programs_reach_it(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/collections/handbook")
    page.get_by_role("link", name="Connect").click()
    for name in (
        "HTTP",
        "OpenAI's client: search",
        "OpenAI's client: an answer from files",
        "MCP over HTTP",
        "MCP as a program",
    ):
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    way = page.get_by_role("region", name="MCP over HTTP")
    way.get_by_role("button", name="Copy: MCP over HTTP").click()
    way.get_by_role("button", name="Copied").wait_for()
    configured = json.loads(page.evaluate("navigator.clipboard.readText()"))["mcpServers"]["stoa"]
    assert configured["url"].endswith("/mcp")
    assert configured["headers"] == {"Authorization": "Bearer ${STOA_KEY}"}


def test_a_collection_says_what_it_was_itself(handbook: Page) -> None:
    handbook.get_by_role("navigation", name="Views of handbook").get_by_role("link", name="Versions").click()
    versions = handbook.get_by_role("region", name="Versions")
    expect(versions).to_contain_text("which model embeds it, how documents are cut")
    expect(versions.get_by_role("table", name="Versions of handbook").get_by_role("row").nth(1)).to_contain_text("1present")


def test_the_view_that_is_open_is_in_sight_on_a_phone(sign_in: Callable[..., Page]) -> None:
    page = sign_in(viewport={"width": 390, "height": 844})
    page.goto("/collections/handbook/connect")
    expect(page.get_by_role("navigation", name="Views of handbook").get_by_role("link", name="Connect")).to_be_in_viewport(
        ratio=1
    )
