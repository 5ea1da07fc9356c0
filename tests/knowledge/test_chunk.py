"""Chunks: their size, their borders, and what they carry."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from stoa.adapters.parsers.text import markdown_headings
from stoa.adapters.parsers.words import WordSplitter
from stoa.domain.documents import Heading, ParsedDocument
from stoa.domain.vectors import Chunk
from stoa.knowledge.chunk import CONTEXT_TOKENS, WINDOW, chunk, title_of

SPLITTER = WordSplitter()


def chunks(text: str, *, tokens: int = 20, title: str = "", pages: tuple[int, ...] = ()) -> list[Chunk]:
    document = ParsedDocument(title=title, text=text, headings=markdown_headings(text), pages=pages, kind="markdown")
    return chunk(document, SPLITTER, tokens=tokens, document_id="doc_1", path="folder/my-file_name.md")


def words(number: int, word: str = "word") -> str:
    return " ".join(f"{word}{n}" for n in range(number))


def test_a_short_document_is_one_chunk_with_all_it_needs() -> None:
    (only,) = chunks("# Travel\n\nFly economy.", title="Travel policy")
    assert only.id == "doc_1.0"
    assert (only.title, only.heading, only.path) == ("Travel policy", ("Travel",), "folder/my-file_name.md")
    assert only.text == "# Travel\n\nFly economy."
    assert only.contextual_text == "Travel policy\nTravel\n# Travel\n\nFly economy."


def test_sections_of_two_headings_are_not_mixed() -> None:
    one, two = chunks(f"# A\n\n{words(9)}\n\n# B\n\n{words(9)}", tokens=40)
    assert (one.heading, two.heading) == (("A",), ("B",))


def test_a_tiny_section_joins_its_neighbour_under_what_both_share() -> None:
    (only,) = chunks(f"# A\n\n## B\n\n{words(10)}\n\n## C\n\nshort", tokens=40)
    assert only.heading == ("A",)
    assert only.text.endswith("short")


def test_the_path_of_headings_follows_their_levels() -> None:
    found = chunks(f"# A\n\n## B\n\n{words(15)}\n\n### C\n\n{words(15)}\n\n## D\n\n{words(15)}")
    assert [c.heading for c in found] == [("A", "B"), ("A", "B", "C"), ("A", "D")]


def test_a_heading_that_repeats_the_title_is_not_said_twice() -> None:
    (only,) = chunks("# Travel\n\nFly economy.", title="Travel")
    assert only.heading == ()
    assert only.context == "Travel"


def test_the_range_is_where_the_text_stands_and_the_page_where_it_begins() -> None:
    text = f"{words(30, 'a')}\n\n{words(30, 'b')}"
    found = chunks(text, pages=(0, text.index("b0")))
    assert all(text[c.start : c.end] == c.text for c in found)
    assert [c.page for c in found] == [2 if c.text.startswith("b") else 1 for c in found]


def test_a_long_table_is_cut_between_rows_and_keeps_its_header() -> None:
    header = "| Name | Dose |\n| --- | --- |\n"
    rows = [f"| drug{n} | {n} mg |" for n in range(30)]
    text = "# Doses\n\nAll doses.\n\n" + header + "\n".join(rows) + "\n\nThe end."
    found = chunks(text, tokens=40)
    tables = [c for c in found if "| drug" in c.text]
    assert len(tables) > 1
    assert all(header in c.text for c in tables)
    seen = [line for c in tables for line in c.text.split("\n") if line.startswith("| drug")]
    assert seen == rows
    assert all(text[c.start : c.end] in c.text for c in found)


def test_a_row_longer_than_a_chunk_is_cut_and_nothing_of_it_lost() -> None:
    text = f"| A |\n| --- |\n| {words(100)} |\n| x |"
    said = " ".join(c.text for c in chunks(text))
    assert all(f"word{n}" in said.split() for n in range(100))


def test_the_context_never_crowds_out_the_text() -> None:
    text = f"# {words(200, 'h')}\n\n{words(300)}"
    found = chunks(text, tokens=256, title=words(300, "t"))
    assert all(SPLITTER.count(c.context) <= CONTEXT_TOKENS for c in found)
    assert all(SPLITTER.count(c.contextual_text) <= WINDOW - 2 for c in found)


def test_a_document_without_a_title_is_called_by_its_file() -> None:
    assert chunks("text")[0].title == "my file name"
    assert title_of("a/b/2025-10_board-notes.md") == "2025 10 board notes"
    assert title_of(".env") == ".env"


def test_headings_alone_are_still_found() -> None:
    assert chunks("# Thank you")[0].text == "# Thank you"
    assert chunks("") == []


LINES = st.lists(
    st.one_of(
        st.builds(lambda level, n: "#" * level + f" heading{n}", st.integers(1, 4), st.integers(0, 9)),
        st.builds(lambda n: words(n), st.integers(0, 60)),
        st.builds(lambda n: "| a | b |\n| --- | --- |\n" + "\n".join(f"| r{i} | x |" for i in range(n)), st.integers(1, 20)),
    ),
    max_size=12,
)


@given(LINES, st.integers(8, 60))
@settings(deadline=None)
def test_no_word_is_lost_or_doubled_and_none_is_too_many(lines: list[str], tokens: int) -> None:
    text = "\n\n".join(lines)
    found = chunks(text, tokens=tokens)
    assert all(c.start < c.end for c in found)
    assert all(one.end <= two.start for one, two in pairwise(found))
    assert all(SPLITTER.count(c.text) <= tokens for c in found)
    covered = {n for c in found for n in range(c.start, c.end)}
    missing = {text[n] for n in range(len(text)) if n not in covered and not text[n].isspace()}
    bare = {character for line in lines if line.startswith("#") for character in line}  # headings with only headings under them
    assert missing <= bare


def test_structural_headings_need_no_marks_in_the_text() -> None:
    document = ParsedDocument(title="T", text="Scope\n\nAll sites.", headings=(Heading(0, 5, 1, "Scope"),), kind="prose")
    (only,) = chunk(document, SPLITTER, tokens=20, document_id="d", path="p.pdf")
    assert only.heading == ("Scope",)
