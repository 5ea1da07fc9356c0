"""Scanned pages: how Tesseract is asked, and what is said where it is not there or fails."""

import shutil
import stat
import time
from pathlib import Path

import pypdfium2
import pytest
from tests.adapters.parsers.drawn import line, pdf

from stoa.adapters.parsers.process import ParserProcesses
from stoa.adapters.parsers.read import read
from stoa.adapters.parsers.recognise import Recogniser
from stoa.adapters.parsers.recognition import Recognition, find_recognition
from stoa.errors import Unreadable

SCANNED = "q 595 0 0 842 0 0 cm /P Do Q "
LETTERS = line(700, "A page of letters that can be read.")
COLUMNS = ["level", "page_num", "block_num", "par_num", "line_num", "word_num", "left", "top", "width", "height", "conf"]


def scripted(folder: Path, *words: tuple[int, int, int, int, str], after: str = "") -> Recognition:
    """A program in Tesseract's place that gives these words as left, top, width, height and text in pixels."""
    rows = [
        [*COLUMNS, "text"],
        *(["5", "1", "1", "1", str(top), "1", *map(str, (x, top, w, h)), "95.5", text] for x, top, w, h, text in words),
    ]
    table = "\n".join("\t".join(row) for row in rows)
    (folder / "table.tsv").write_text(table + "\n", encoding="utf-8")
    program = folder / "tesseract"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo tesseract 9.9; exit; fi\n{after}\necho "$@" > {folder}/asked\n'
        f"head -c 15 > {folder}/head\ncat > /dev/null\ncat {folder}/table.tsv\n",
        encoding="utf-8",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Recognition(str(program), "eng+deu")


def soon(recognition: Recognition, seconds: float = 20.0) -> Recogniser:
    return Recogniser(recognition, until=time.monotonic() + seconds)


def test_a_scanned_page_is_asked_for_as_a_grey_picture_and_its_words_are_laid_out_like_any(tmp_path: Path) -> None:
    words = [
        (300, 400, 700, 90, "Travel"),
        (300, 700, 200, 40, "Second"),
        (520, 700, 200, 40, "class"),
        (300, 760, 150, 40, "only."),
    ]
    recognition = scripted(tmp_path, *words)
    document = read(pdf(LETTERS, SCANNED), "a.pdf", recogniser=soon(recognition))
    assert (tmp_path / "asked").read_text().split() == ["stdin", "stdout", "-l", "eng+deu", "tsv"]
    assert (tmp_path / "head").read_bytes() == b"P5 2480 3509 25"
    assert document.unread == ()
    assert document.reader.endswith(", tesseract 9.9")
    assert [heading.text for heading in document.headings] == ["Travel"]
    assert document.page_at(document.text.index("Second class")) == 2


def test_pages_of_letters_are_not_recognised(tmp_path: Path) -> None:
    document = read(pdf(LETTERS), "a.pdf", recogniser=soon(scripted(tmp_path)))
    assert "tesseract" not in document.reader
    assert not (tmp_path / "asked").exists()


def test_a_picture_is_a_document(tmp_path: Path) -> None:
    document = read(b"\x89PNG...", "a.png", recogniser=soon(scripted(tmp_path, (10, 10, 90, 40, "Receipt"))))
    assert document.text == "Receipt"
    assert (tmp_path / "head").read_bytes() == b"\x89PNG..."


@pytest.mark.parametrize("after", ["exit 3", "sleep 5"])
def test_a_program_that_fails_or_takes_too_long_leaves_the_page_unread_and_named(tmp_path: Path, after: str) -> None:
    recogniser = soon(scripted(tmp_path, (10, 10, 90, 40, "x"), after=after), 0.3)
    document = read(pdf(LETTERS, SCANNED), "a.pdf", recogniser=recogniser)
    assert document.unread == (2,)


def test_a_document_of_nothing_but_pictures_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"its pages are pictures.*Tesseract"):
        read(pdf(SCANNED, SCANNED), "a.pdf")


def test_without_languages_nothing_is_recognised() -> None:
    assert find_recognition(()) is None


def picture_of(drawn: str) -> tuple[int, int, bytes]:
    bitmap = pypdfium2.PdfDocument(pdf(drawn))[0].render(scale=2, grayscale=True)
    grey = bytes(bitmap.buffer)
    return bitmap.width, bitmap.height, b"".join(grey[n * bitmap.stride :][: bitmap.width] for n in range(bitmap.height))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
async def test_the_program_itself_reads_a_scanned_page_in_the_child_that_may_write_no_files() -> None:
    drawn = line(780, "Travel policy", size=24) + line(730, "Second class is booked for every journey by train", size=14)
    drawn += line(712, "that takes less than four hours.", size=14)
    parser = ParserProcesses(recognition=find_recognition(("eng",)))
    document = await parser.parse(pdf(LETTERS, SCANNED, picture=picture_of(drawn)), name="a.pdf")
    await parser.close()
    assert document.unread == ()
    assert [heading.text for heading in document.headings] == ["Travel policy"]
    assert "Second class is booked for every journey by train that takes less than four hours." in document.text
    assert "tesseract" in document.reader
