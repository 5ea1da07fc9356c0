"""One ranking out of several searches."""

from stoa.domain.passages import Passage
from stoa.domain.vectors import Hit
from stoa.knowledge.fuse import HALF, LEXICAL, fuse, score


def hit(name: str, similarity: float, lexical: float | None = None) -> Hit:
    passage = Passage(
        id=name, document_id="d", collection="c", title="", path="", heading=(), page=None, start=0, end=1, text="", score=0
    )  # fmt: skip
    return Hit(passage, similarity, lexical)


def test_a_passage_found_twice_is_there_once_with_both_scores() -> None:
    (only,) = fuse([hit("a", 0.8), hit("a", 0.8, 12.0)], limit=5)
    assert only.score == (1 - LEXICAL) * 0.8 + LEXICAL * 0.5


def test_words_and_meaning_both_count() -> None:
    ranked = fuse([hit("meaning", 0.9), hit("words", 0.2, 30.0), hit("both", 0.8, 20.0), hit("neither", 0.1)], limit=3)
    assert [passage.id for passage in ranked] == ["both", "words", "meaning"]


def test_a_score_does_not_depend_on_the_other_hits() -> None:
    alone, *_ = fuse([hit("a", 0.5, 5.0)], limit=1)
    among = {passage.id: passage.score for passage in fuse([hit("a", 0.5, 5.0), hit("b", 0.9, 90.0)], limit=2)}
    assert alone.score == among["a"]


def test_a_lexical_score_has_no_end_but_what_it_counts_has() -> None:
    assert score(hit("a", 0.0, HALF)) == LEXICAL / 2
    assert score(hit("a", 1.0, 1e9)) <= 1.0


def test_equal_scores_come_in_a_fixed_order() -> None:
    assert [p.id for p in fuse([hit("b", 0.5), hit("a", 0.5)], limit=2)] == ["a", "b"]
