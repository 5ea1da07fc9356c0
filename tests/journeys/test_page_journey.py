"""The page before a whole Stoa: from the printed link to an answer with its source, and every thing one can do with both."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect
from tests.journeys.conftest import RunningStoa
from tests.page.browsing import chromium, is_wider_than_window, opened, violations

pytestmark = pytest.mark.slow

PEN = "How long may an Insuvara pen be kept after its first use?"
SALARY = "What is the middle of the pay range for a senior scientist?"
GARAGE = "When does the garage of the Westport annex close in the evening?"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def sign_in(browser: Browser, handbook_stoa: RunningStoa) -> Iterator[Callable[..., Page]]:
    """Opens a page for a user by a link as the command line prints it, with options of a browser context."""
    with ExitStack() as stack:

        def signed_in(user: str = "admin", **options: Any) -> Page:
            page = stack.enter_context(opened(browser, handbook_stoa.url, **options))
            page.goto(handbook_stoa.sign_in_link(user))
            page.get_by_role("heading", name="What would you like to know?").wait_for()
            return page

        yield signed_in


@pytest.fixture
def page(sign_in: Callable[..., Page]) -> Page:
    return sign_in()


def ask(page: Page, question: str) -> Locator:
    """The answer, once it is complete."""
    before = page.get_by_role("article", name="Answer").count()
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    answers = page.get_by_role("article", name="Answer")
    expect(answers).to_have_count(before + 1)
    expect(answers.last.get_by_role("button", name="Good answer")).to_be_visible()
    return answers.last


def choose(page: Page, title: str, action: str) -> None:
    page.get_by_role("button", name=f"Actions for {title}").click()
    page.get_by_role("menuitem", name=action).click()


def file(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": text.encode()}


def test_a_printed_link_leads_to_an_answer_with_its_source(browser: Browser, handbook_stoa: RunningStoa) -> None:
    link = handbook_stoa.sign_in_link()
    with opened(browser, handbook_stoa.url) as page:
        page.goto(link)
        examples = page.get_by_role("list", name="Examples").get_by_role("button")
        expect(examples).to_have_count(3)
        assert "token" not in page.url
        page.get_by_role("button", name=PEN, exact=True).click()
        answer = page.get_by_role("article", name="Answer")
        expect(answer).to_contain_text("30 days")
        answer.get_by_role("button", name="Source 1").first.click()
        source = page.get_by_role("dialog", name="Source")
        expect(source).to_contain_text("products/insuvara.pdf")
        expect(source.locator("mark")).to_contain_text("30 days")
        expect(source.locator("mark strong")).to_contain_text("After first use")
        address = source.get_by_role("link", name="Open the original").get_attribute("href")
        assert page.request.get(address or "").body().startswith(b"%PDF")
    with opened(browser, handbook_stoa.url) as page:
        page.goto(link)
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_text("stoa login", exact=True)).to_be_visible()


def test_what_the_documents_do_not_say_is_not_answered(page: Page) -> None:
    answer = ask(page, "Can I bring my dog along to the office?")
    expect(answer).to_contain_text("do not answer")
    expect(answer.get_by_role("button", name="Source 1")).to_have_count(0)


def test_answers_are_given_again_and_questions_edited(page: Page) -> None:
    ask(page, PEN)
    page.get_by_role("button", name="Answer again").click()
    answers = page.get_by_role("article", name="Answer")
    expect(answers).to_have_attribute("aria-busy", "false")
    expect(answers).to_contain_text("30 days")
    page.get_by_role("article", name="You asked").hover()
    page.get_by_role("button", name="Edit and ask again").click()
    page.get_by_label("Edit your question").fill("Where is the assembly point in Port Ansel?")
    page.get_by_role("button", name="Ask again", exact=True).click()
    expect(answers).to_contain_text("assembly point")
    page.reload()
    expect(page.get_by_role("article", name="You asked")).to_have_text(["Where is the assembly point in Port Ansel?"])


def test_feedback_is_kept(page: Page) -> None:
    answer = ask(page, PEN)
    answer.get_by_role("button", name="Bad answer").click()
    answer.get_by_role("button", name="React").click()
    page.get_by_role("button", name="Too long").click()
    answer.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_role("textbox", name="Comment").fill("The second sentence is not needed.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your feedback is kept.")).to_be_attached()
    page.reload()
    expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Your reaction: 🐌")).to_be_visible()
    expect(page.get_by_role("button", name="Your comment")).to_be_visible()


def test_conversations_are_renamed_searched_exported_and_deleted(page: Page, tmp_path: Path) -> None:
    ask(page, PEN)
    conversations = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    expect(conversations.first).to_have_text(PEN)
    page.get_by_role("button", name=f"Actions for {PEN}").first.click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("Title of the conversation").fill("Warm pens")
    page.keyboard.press("Enter")
    expect(conversations.first).to_have_text("Warm pens")
    page.get_by_label("Search conversations").fill("warm PENS")
    expect(conversations).to_have_text(["Warm pens"])
    for form, name in (("Markdown", "md"), ("JSON", "json")):
        with page.expect_download() as download:
            choose(page, "Warm pens", f"Export as {form}")
        assert download.value.suggested_filename.endswith(f".{name}")
        download.value.save_as(tmp_path / name)
    assert "30 days" in (tmp_path / "md").read_text()
    exported = json.loads((tmp_path / "json").read_text())
    assert exported["messages"][1]["citations"][0]["path"] == "products/insuvara.pdf"
    choose(page, "Warm pens", "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nothing found")).to_be_visible()
    expect(page).to_have_url(re.compile("/conversations$"))


def test_a_dropped_file_becomes_answerable_and_goes_again(page: Page) -> None:
    page.get_by_role("link", name="Collections").click()
    page.get_by_role("link", name="handbook").click()
    page.locator("input[type=file]").set_input_files(
        [
            file(
                "annex.md",
                "# Westport annex\n\nThe garage of the Westport annex opens at 05:45 and closes at 23:15 in the evening.\n",
            ),
            file("torn.pdf", "not a PDF"),
        ]
    )
    page.get_by_role("button", name="Add 2 files").click()
    job = page.get_by_role("region", name=re.compile("^Job"))
    expect(job.get_by_role("status")).to_contain_text("Done: 1 of 2 documents read", timeout=60_000)
    expect(job.get_by_role("list", name="Files that failed")).to_contain_text("torn.pdf")
    page.get_by_role("link", name="Conversations", exact=True).click()
    page.get_by_role("link", name="New conversation").click()
    expect(ask(page, GARAGE)).to_contain_text("23:15")

    page.get_by_role("link", name="Collections").click()
    page.get_by_role("link", name="handbook").click()
    for name in ("annex", "torn"):
        page.get_by_label("Search documents").fill(name)
        row = page.get_by_role("row", name=name)
        expect(row).to_have_count(1)
        row.get_by_role("button").click()
        page.get_by_role("menuitem", name="Remove").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        expect(row).to_have_count(0)


def test_documents_of_a_group_are_for_its_members(sign_in: Callable[..., Page]) -> None:
    member, other = sign_in("hana"), sign_in("alex")
    ours = ask(member, SALARY)
    expect(ours.get_by_role("button", name=re.compile("[Ss]alary")).first).to_be_visible()
    theirs = ask(other, SALARY)
    expect(theirs.get_by_role("button", name=re.compile("[Ss]alary [Bb]ands"))).to_have_count(0)
    other.goto(member.url)
    expect(other.get_by_text("This conversation is not here")).to_be_visible()
    other.goto("/collections/handbook")
    other.get_by_role("table").wait_for()
    expect(other.get_by_text("group hr")).to_have_count(0)


def test_a_collection_is_searched_judged_measured_and_read(page: Page) -> None:
    ask(page, PEN)
    page.goto("/collections/handbook/search")
    page.get_by_label("Search passages").fill(PEN)
    passages = page.get_by_role("list", name="Passages found").locator("> li")
    right = passages.filter(has_text="30 days").first
    expect(right).to_contain_text(re.compile("by meaning, .* by words"))
    right.get_by_role("button", name=re.compile("^Good: ")).click()
    expect(page.get_by_text("1 judgement in it")).to_be_visible()
    right.get_by_role("link").click()
    chunk = page.get_by_role("dialog", name="Chunk")
    expect(chunk).to_contain_text("30 days")
    expect(page.get_by_text("Version 1, never changed")).to_be_visible()
    page.get_by_role("link", name="Documents of handbook").click()
    page.get_by_role("link", name="Evaluation").click()
    page.get_by_role("link", name="handbook-search").click()
    page.get_by_role("button", name="Measure the search").click()
    expect(page.get_by_role("status").filter(has_text="recall@10")).to_contain_text("100 %")
    page.get_by_role("link", name="Usage", exact=True).last.click()
    cited = page.get_by_role("table", name="Documents that answers cite most")
    expect(cited).to_contain_text(re.compile("Insuvara", re.IGNORECASE))


def test_the_search_bench_finds_for_nobody_what_they_may_not_read(sign_in: Callable[..., Page]) -> None:
    for user, finds in (("hana", True), ("alex", False)):
        page = sign_in(user)
        page.goto("/collections/handbook/search")
        page.get_by_label("Search passages").fill(SALARY)
        passages = page.get_by_role("list", name="Passages found")
        passages.wait_for()
        salaries = passages.get_by_role("link", name=re.compile("[Ss]alary [Bb]ands"))
        if finds:
            expect(salaries.first).to_be_visible()
        else:
            expect(salaries).to_have_count(0)


def test_usage_shows_what_was_asked(page: Page) -> None:
    ask(page, PEN)
    page.get_by_role("link", name="Usage").click()
    models = page.get_by_role("table", name="Usage by model")
    expect(models.get_by_role("row", name="stoa-reader")).to_contain_text("$0.00")
    expect(page.get_by_role("img", name="Requests by day over 30 days")).to_be_visible()


@pytest.mark.parametrize(
    "look",
    [
        {"color_scheme": "dark"},
        {"color_scheme": "light", "viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
    ],
    ids=["dark", "phone"],
)
def test_it_reads_well_in_the_dark_and_on_a_phone(sign_in: Callable[..., Page], look: dict[str, Any]) -> None:
    page = sign_in(reduced_motion="reduce", **look)
    page.get_by_role("button", name=PEN, exact=True).click()
    page.get_by_role("button", name="Source 1").first.click()
    expect(page.get_by_role("dialog", name="Source").locator("mark strong").first).to_be_in_viewport()
    assert violations(page) == []
    assert not is_wider_than_window(page)
    page.get_by_role("button", name="Close the source").click()
    for place in ("Collections", "Usage"):
        page.get_by_role("link", name=place).click()
        page.get_by_role("heading", name=place, level=1).wait_for()
        page.wait_for_load_state("networkidle")
        assert violations(page) == []
        assert not is_wider_than_window(page)
