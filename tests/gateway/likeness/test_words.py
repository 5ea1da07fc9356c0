"""How a text is cut into words, and which forms of a word are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.gateway.likeness.inflection import stem
from stoa.gateway.likeness.words import possessives, words


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("What's up, Doc?", "what is up doc"),
        ("I can’t, won't and don't", "i can not will not and do not"),
        ("Why doesnt it work?", "why does not it work"),
        ("Anna's dogs' food", "anna dogs food"),
        ("C++ or C# on Node.js", "c++ or c# on node.js"),
        ("3.5 and 1,000 and 1,00,000", "3.5 and 1000 and 100000"),
        ("x < y", "x < y"),
        ("5 - 3 = -2", "5 - 3 = - 2"),
        ("well-known and/or R&D", "well known and or r and d"),
        ("at 10:30 in the 1980s, the 2nd", "at 10:30 in the 1980s the 2nd"),
        ("US or us, the U.S.A. and IT", "usa or us the usa and IT"),
        ("IS IT US", "is it us"),
        ("100% of €5", "100 % of € 5"),
    ],
)
def test_words_and_signs_come_in_order(text: str, cut: str) -> None:
    assert " ".join(words(text)) == cut


def test_contractions_are_no_genitives() -> None:
    assert possessives("What's Anna's friends' name, and who’s that?") == 2


@pytest.mark.parametrize(
    ("form", "base"),
    [
        ("dogs", "dog"), ("cities", "city"), ("boxes", "box"), ("classes", "class"), ("women", "woman"), ("making", "make"),
        ("running", "run"), ("eating", "eat"), ("telling", "tell"), ("using", "use"), ("dancing", "dance"), ("living", "live"),
        ("calculating", "calculate"), ("theatres", "theater"), ("bringing", "bring"), ("movies", "movie"),
        ("colour", "color"), ("behaviour", "behavior"), ("organised", "organized"),
        ("centre", "center"),
    ],
)  # fmt: skip
def test_forms_that_mean_the_same_have_one_stem(form: str, base: str) -> None:
    assert stem(form) == stem(base)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bored", "boring"), ("fast", "faster"), ("tall", "tallest"), ("news", "new"), ("market", "marketing"), ("car", "care"),
        ("legal", "illegal"), ("meet", "meeting"), ("universe", "university"), ("physics", "physic"), ("us", "use"),
        ("goods", "good"),
    ],
)  # fmt: skip
def test_words_that_mean_different_things_keep_different_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@given(st.text(max_size=60))
def test_any_text_is_cut(text: str) -> None:
    assert all(word and not word.isspace() for word in words(text))
