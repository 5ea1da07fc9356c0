"""E-mail: what is new in a message, what it quotes, and what came along."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.parsers.quoting import parts_of
from stoa.adapters.parsers.read import read
from stoa.errors import Unreadable


def message(text: str = "", html: str = "", **headers: str) -> EmailMessage:
    made = EmailMessage()
    usual = {"From": "Ada Lovelace <ada@example.org>", "To": "Bob <bob@example.org>", "Subject": "Leave in May",
             "Date": "Sat, 14 Mar 2026 10:15:00 +0100"}  # fmt: skip
    for name, value in {**usual, **headers}.items():
        made[name] = value
    if text:
        made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html") if text else made.set_content(html, subtype="html")
    return made


def test_a_message_has_its_head_its_subject_as_title_and_its_date() -> None:
    document = read(message("Two weeks, please.\n").as_bytes(), "a.eml")
    assert document.title == "Leave in May"
    assert document.date == "2026-03-14"
    head = "From: Ada Lovelace <ada@example.org>\nTo: Bob <bob@example.org>\nDate: 2026-03-14 10:15\n\n"
    assert document.text == head + "Two weeks, please."


def test_what_is_quoted_below_a_message_is_a_section_for_each_earlier_one() -> None:
    text = (
        "Approved.\n\nOn Fri, 13 Mar 2026 at 09:00, Ada Lovelace <ada@example.org>\nwrote:\n> Two weeks in May?\n>\n"
        "> On Thu, 12 Mar 2026, Bob <bob@example.org> wrote:\n>> Please plan your leave.\n"
    )
    document = read(message(text).as_bytes(), "a.eml")
    assert [heading.text for heading in document.headings] == [
        "Earlier message: On Fri, 13 Mar 2026 at 09:00, Ada Lovelace <ada@example.org> wrote",
        "Earlier message: On Thu, 12 Mar 2026, Bob <bob@example.org> wrote",
    ]
    assert document.text.endswith("Two weeks in May?\n\n" + document.headings[1].text + "\n\nPlease plan your leave.")
    assert all(document.text[h.start : h.end] == h.text for h in document.headings)


def test_quotes_between_the_lines_of_an_answer_stay_there() -> None:
    text = "> May I go in May?\n\nYes.\n\n> And in June?\n\nNo.\n"
    document = read(message(text).as_bytes(), "a.eml")
    assert document.headings == ()
    assert document.text.endswith("> May I go in May?\n\nYes.\n\n> And in June?\n\nNo.")


def test_the_head_that_outlook_puts_above_what_it_quotes_names_the_earlier_message() -> None:
    head = "From: Carol <carol@example.org>\nSent: Friday, 13 March 2026 09:00\nTo: Ada\nSubject: Rent\n"
    text = f"See below.\n\n{head}\nThe rent rises.\n"
    (heading,) = read(message(text).as_bytes(), "a.eml").headings
    assert heading.text == "Earlier message: Carol <carol@example.org>, Friday, 13 March 2026 09:00"


def test_a_list_that_looks_like_the_head_of_a_message_is_none() -> None:
    assert len(parts_of("From: Basel\nand then on to Ghent\n\nTo: see the sea")) == 1


def test_html_is_read_where_there_is_no_text() -> None:
    table = "<table><tr><th>Day</th><th>Room</th></tr><tr><td>Monday</td><td>4</td></tr></table>"
    html = f"<html><body><p>Dear Bob,</p>{table}</body></html>"
    assert "| Monday | 4 |" in read(message(html=html).as_bytes(), "a.eml").text


def test_files_that_came_along_are_sections_and_those_that_cannot_be_read_are_named() -> None:
    made = message("See the files.\n")
    made.add_attachment(b"# Rules\n\nNo smoking.\n", maintype="text", subtype="markdown", filename="rules.md")
    made.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="tool.exe")
    inner = message("Forwarded words.\n", Subject="An older one")
    made.add_attachment(inner)
    document = read(made.as_bytes(), "a.eml")
    assert [(h.level, h.text) for h in document.headings] == [
        (2, "Attached: rules.md"), (3, "Rules"), (2, "Attached: An older one.eml"),
    ]  # fmt: skip
    assert "No smoking." in document.text
    assert document.text.count("Forwarded words.") == 1
    assert document.notes[0].startswith("The attached file 'tool.exe' was not read: Files of kind .exe")
    assert all(document.text[h.start : h.end].strip("# ") == h.text for h in document.headings)


def test_messages_within_messages_end_somewhere() -> None:
    made = message("The innermost.\n")
    for _ in range(6):
        outer = message("Around it.\n")
        outer.add_attachment(made)
        made = outer
    document = read(made.as_bytes(), "a.eml")
    assert "The innermost." not in document.text
    assert document.text.count("Around it.") == 3


def test_a_message_of_parts_without_end_is_refused() -> None:
    head = b"From: a@b.c\nMIME-Version: 1.0\n"
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
    with pytest.raises(Unreadable, match=r"nested too deeply|No text"):
        read(head + deep + b"\nx", "a.eml")


@pytest.mark.parametrize("data", [b"no header here", b"\n\nonly a body"])
def test_what_is_no_message_says_so(data: bytes) -> None:
    with pytest.raises(Unreadable, match="no e-mail"):
        read(data, "a.eml")


@given(st.binary(max_size=400))
def test_whatever_follows_a_header_is_read_or_refused_with_a_reason(data: bytes) -> None:
    try:
        assert read(b"Subject: x\nFrom: a@b.c\n" + data, "a.eml").text
    except Unreadable as error:
        assert error.message


LINES = st.lists(st.sampled_from(["word here", "> word", ">> word", "", "On Monday, Ada <a@b.c> wrote:", "From: Ada", "To: Bob",
                                  "Sent: Monday", "-----Original Message-----", "-- "]), max_size=25)  # fmt: skip


@given(LINES)
def test_no_word_of_a_message_is_lost_by_taking_quotes_apart(lines: list[str]) -> None:
    parts = parts_of("\n".join(lines))
    assert sum(part.text.count("word") for part in parts) == sum(line.count("word") for line in lines)
