import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.guards.finding import Finding
from stoa.guards.window import Window

REACH = 12
WORD = re.compile(r"\bpersimmon(?:-\d+)?\b")


def find(text: str) -> list[Finding]:
    return [Finding("FRUIT", m.start(), m.end()) for m in WORD.finditer(text)]


def mask(finding: Finding, value: str) -> str:
    return f"[{finding.kind}]"


def streamed(pieces: list[str]) -> list[str]:
    window = Window(find, reach=REACH, replace=mask)
    return [*(window.feed(piece) for piece in pieces), window.flush()]


def cut(text: str, places: list[int]) -> list[str]:
    at = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[a:b] for a, b in pairwise(at)]


def test_a_word_in_three_pieces_never_leaves_before_it_is_masked() -> None:
    assert "".join(streamed(["I bought a ", "pers", "im", "mon", " today and it was ripe"])) == (
        "I bought a [FRUIT] today and it was ripe"
    )


def test_text_leaves_once_nothing_can_begin_in_it() -> None:
    window = Window(find, reach=REACH, replace=mask)
    assert window.feed("twenty characters ab") == "twenty c"
    assert window.held == REACH


def test_a_finding_that_may_still_grow_is_held_whole() -> None:
    window = Window(find, reach=REACH, replace=mask)
    assert window.feed("a persimmon-12345678") == "a "
    assert window.feed("9012345, and others to come") == "[FRUIT], and ot"


def test_what_has_left_still_tells_where_a_word_begins() -> None:
    assert "".join(streamed(["x" * 30, "persimmon", " and more of the same"])) == "x" * 30 + "persimmon and more of the same"


def test_replace_may_stop_the_stream_before_the_finding_has_left() -> None:
    def refuse(finding: Finding, value: str) -> str:
        raise PermissionError(finding.kind)

    window = Window(find, reach=REACH, replace=refuse)
    left = window.feed("some words before a persi")
    with pytest.raises(PermissionError):
        window.feed("mmon and some words after")
    assert left == "some words be"


def test_a_detector_of_whole_texts_is_refused() -> None:
    with pytest.raises(ValueError, match="reach 0"):
        Window(find, reach=0, replace=mask)


@given(
    st.lists(st.sampled_from(["persimmon", "persim", "mon", "-12", "a", " ", ", ", "x" * 15]), max_size=25).map("".join),
    st.lists(st.integers(0, 400), max_size=40),
)
def test_a_stream_reads_as_the_whole_text_however_it_is_cut(text: str, places: list[int]) -> None:
    whole = WORD.sub("[FRUIT]", text)
    assert "".join(streamed(cut(text, places))) == whole
