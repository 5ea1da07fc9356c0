"""Numbers in words and digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.gateway.likeness.numerals import with_digits


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("five cats", "5 cats"),
        ("twenty five cats", "25 cats"),
        ("two hundred and", "200 and"),
        ("two thousand sixteen", "2016"),
        ("three hundred twenty thousand five", "320005"),
        ("2 million people", "2000000 people"),
        ("50 lakh rupees", "5000000 rupees"),
        ("one", "one"),
        ("which one is it", "which one is it"),
        ("one hundred", "100"),
        ("a hundred years", "a hundred years"),
        ("five six", "5 6"),
        ("7 8", "7 8"),
        ("10.5 million", "10.5 million"),
    ],
)
def test_a_number_is_the_same_in_words_and_digits(text: str, digits: str) -> None:
    assert " ".join(with_digits(text.split())) == digits


@given(st.lists(st.sampled_from(["one", "two", "twenty", "hundred", "thousand", "million", "5", "007", "dogs", "and"])))
def test_any_row_of_words_is_read(words: list[str]) -> None:
    assert bool(with_digits(words)) == bool(words)
    assert with_digits([word for word in words if word in ("dogs", "and")]) == [
        word for word in words if word in ("dogs", "and")
    ]
