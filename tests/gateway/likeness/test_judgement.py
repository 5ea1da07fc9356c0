"""Questions that may share an answer, and pairs that look alike and may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.likeness.pairs import OTHER, SAME

from stoa.gateway.likeness.judgement import NEAR, NEAR_WHEN_SHORT, Reason, Verdict, judge, signature
from stoa.gateway.likeness.reading import Reading, read


def judged(one: str, other: str, cosine: float = 0.99) -> Verdict:
    return judge(read(one), read(other), cosine)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_says_the_same_is_the_same(one: str, other: str) -> None:
    assert judged(one, other) == (True, "same")
    assert judged(other, one) == (True, "same")


@pytest.mark.parametrize(("because", "one", "other"), OTHER)
def test_what_says_something_else_is_not_the_same_however_near(because: Reason, one: str, other: str) -> None:
    assert judged(one, other, 1.0) == (False, because)
    assert not judged(other, one, 1.0).same


def test_far_vectors_refuse_whatever_the_words_say() -> None:
    assert judged("How do I bake sourdough bread?", "How can I bake sourdough bread?", NEAR - 0.001).because == "distance"


def test_a_route_may_want_them_nearer() -> None:
    one, other = read("How do I bake sourdough bread?"), read("How can I bake sourdough bread?")
    assert judge(one, other, 0.95).same
    assert not judge(one, other, 0.95, near=0.96).same


def test_a_short_question_hangs_on_its_small_words() -> None:
    assert judged("What is an essay?", "What is essay?", NEAR).same
    assert not judged("How do I get in Harvard?", "How do I get into Harvard?", NEAR_WHEN_SHORT - 0.001).same


def test_what_is_not_known_to_be_english_must_be_the_same_words_and_nearer() -> None:
    one, other = "Kann ich von Berlin nach Paris fahren?", "kann ich von Berlin nach Paris fahren"
    assert judged(one, other, 0.99).same
    assert judged(one, other, 0.97).because == "distance"


def test_a_text_of_many_words_is_never_the_same() -> None:
    text = "How do I " + "very nicely " * 40 + "bake bread?"
    assert judged(text, text, 1.0).because == "illegible"


WORDS = "who how do does is the a of from to not Anna Bob 5 five dogs dog's or and my me ? . US"
TEXTS = st.one_of(
    st.sampled_from([text for pair in SAME for text in pair] + [text for _, *pair in OTHER for text in pair]),
    st.text(max_size=80),
    st.lists(st.sampled_from(WORDS.split(" "))).map(" ".join),
)


@given(TEXTS, TEXTS)
def test_judgement_does_not_depend_on_who_came_first(one: str, other: str) -> None:
    there, back = judged(one, other), judged(other, one)
    assert there.same == back.same


@given(TEXTS)
def test_a_legible_question_is_the_same_as_itself(text: str) -> None:
    reading = read(text)
    assert judge(reading, reading, 1.0).same == (reading is not None and reading.legible)


@given(TEXTS, TEXTS)
def test_what_is_judged_the_same_has_one_signature(one: str, other: str) -> None:
    asked, known = read(one), read(other)
    if asked is not None and known is not None and judge(asked, known, 1.0).same:
        assert signature(asked) == signature(known)


def test_readings_are_tuples_of_plain_words() -> None:
    reading = read("How can I convert 2 dollars to Euros?")
    assert isinstance(reading, Reading)
    assert reading.kinds == ("method",)
    assert reading.said == ("convert", "2", "dollar", "euro")
    assert reading.names == {"2", "euro"}
