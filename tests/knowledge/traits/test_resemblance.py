"""Documents and passages that say almost the same."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.documents import Resembling
from stoa.domain.passages import Passage
from stoa.domain.traits import Sketch
from stoa.knowledge.traits.resemblance import ALIKE, likeness, originals, signature_of, sketch_of, uncrowded

WORDS = [f"word{n}" for n in range(400)]


def text(*, changed: int = 0, start: int = 0) -> str:
    words = WORDS[start : start + 300]
    return " ".join([*words[: 300 - changed], *(f"other{n}" for n in range(changed))])


def sketch(text: str, *, collection: str) -> Sketch:
    return sketch_of(signature_of(text), collection=collection)


def passage(number: int, words: str) -> Passage:
    return Passage(f"p{number}", "d", "c", "t", "p", (), None, 0, len(words), words, 1.0 - number / 100)


def test_texts_that_differ_in_a_few_words_share_a_band_and_those_of_another_collection_do_not() -> None:
    one, other = sketch(text(), collection="c"), sketch(text(changed=10), collection="c")
    assert likeness(one, other) > ALIKE
    assert set(one.bands) & set(other.bands)
    assert not set(one.bands) & set(sketch(text(), collection="d").bands)


def test_the_estimate_is_near_the_share_of_what_two_texts_have_in_common() -> None:
    shares = [likeness(sketch(text(), collection="c"), sketch(text(changed=n), collection="c")) for n in (30, 100, 200)]
    for estimate, changed in zip(shares, (30, 100, 200), strict=True):
        common = 298 - changed
        assert abs(estimate - common / (2 * 298 - common)) < 0.15


def test_a_few_words_are_like_nothing() -> None:
    short = sketch("Yes. No. Perhaps.", collection="c")
    assert short == Sketch((), ())
    assert likeness(short, short) == 0.0


def test_a_duplicate_names_the_document_that_is_most_like_it_among_older_ones_stored_or_of_the_same_part() -> None:
    sketches = {f"doc_{n}": sketch(text(changed=changed), collection="c") for n, changed in ((2, 0), (3, 12), (4, 250))}
    known = {"doc_3": [Resembling("doc_1", sketch(text(changed=11), collection="c"))]}
    assert originals(sketches, known) == {"doc_3": "doc_1"}
    assert originals(sketches, {}) == {"doc_3": "doc_2"}


def test_a_passage_that_repeats_a_better_one_stands_behind_all_that_say_something_else() -> None:
    first, again, other = passage(1, text()), passage(2, text() + " indeed"), passage(3, text(start=90, changed=150))
    assert [p.id for p in uncrowded([first, again, other], limit=2)] == ["p1", "p3"]
    assert [p.id for p in uncrowded([first, again, other], limit=3)] == ["p1", "p3", "p2"]


def test_passages_that_differ_in_a_number_are_not_the_same() -> None:
    rules = [
        passage(n, f"Employees may accept gifts up to a value of EUR {n}0 per partner and year, and no more.") for n in (1, 2)
    ]
    assert [p.id for p in uncrowded([*rules, passage(9, "Something else is said here.")], limit=2)] == ["p1", "p2"]


@given(
    st.lists(st.sampled_from(["a b c d e f", "a b c d e f g", "x y z", "", "4 apples are here"]), max_size=12),
    st.integers(0, 14),
)
def test_what_stands_behind_is_not_lost_and_the_best_stays_first(texts: Sequence[str], limit: int) -> None:
    ranked = [passage(n, words) for n, words in enumerate(texts)]
    found = uncrowded(ranked, limit=limit)
    assert len(found) == min(limit, len(ranked))
    assert len({p.id for p in found}) == len(found)
    assert found[:1] == ranked[: min(1, limit)]
