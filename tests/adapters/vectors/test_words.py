"""Words for stores without English."""

from stoa.adapters.vectors.words import stems


def test_words_are_stemmed_folded_and_rid_of_what_says_nothing() -> None:
    assert stems("The café's travelling expenses, a_b: NAÏVE!") == "cafe s travel expens b naiv"


def test_a_word_of_another_script_is_one_word_of_ascii() -> None:
    assert stems("日本語 text") == f"x{'日本語'.encode().hex()} text"
    assert stems("\x00 👩‍🔬 '\"") == ""


def test_what_is_no_word_of_a_language_is_left_out() -> None:
    assert stems("x" * 41 + " short") == "short"


def test_a_long_text_ends_between_words_where_the_field_ends() -> None:
    found = stems("elephant " * 10_000)
    assert len(found) <= 65_535
    assert set(found.split()) == {"eleph"}
