"""Documents and passages that say almost the same."""

from stoa.domain.documents import Resembling
from stoa.domain.traits import Sketch
from stoa.knowledge.traits.resemblance import ALIKE, likeness, originals, signature_of, sketch_of

WORDS = [f"word{n}" for n in range(400)]


def text(*, changed: int = 0, start: int = 0) -> str:
    words = WORDS[start : start + 300]
    return " ".join([*words[: 300 - changed], *(f"other{n}" for n in range(changed))])


def sketch(text: str, *, collection: str) -> Sketch:
    return sketch_of(signature_of(text), collection=collection)


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
