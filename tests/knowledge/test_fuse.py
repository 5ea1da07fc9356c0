"""One ranking out of several searches."""

from stoa.domain.passages import Passage
from stoa.domain.vectors import Hit
from stoa.knowledge.fuse import HALF, HALF_REACH, LEXICAL, SEEDS, after_walk, distinct, fuse, reached, score, seeds


def hit(name: str, similarity: float, lexical: float | None = None, *, text: str | None = None) -> Hit:
    passage = Passage(
        id=name, document_id="d", collection="c", title="", path="", heading=(), page=None, start=0, end=1,
        text=name if text is None else text, score=0,
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


def test_a_passage_says_what_its_rank_is_made_of() -> None:
    ranked = fuse([hit("a", 0.8), hit("a", 0.8, 12.0), hit("b", 0.9)], limit=5)
    came = {"a": 0.25}
    both, dense = (reached(passage, {}, came).scores for passage in after_walk(ranked, {}, came))
    assert both is not None
    assert dense is not None
    assert (both.dense, both.lexical, both.graph) == (0.8, 12.0, 0.25)
    assert (dense.dense, dense.lexical, dense.graph) == (0.9, None, None)
    assert both.fused == (1 - LEXICAL) * 0.8 + LEXICAL * 0.5


def test_a_walk_begins_at_the_best_with_weights_that_sum_to_one() -> None:
    ranked = fuse([hit(f"p{n:02}", 1 - n / 100) for n in range(SEEDS + 10)], limit=100)
    began = seeds(ranked)
    assert list(began) == [passage.id for passage in ranked[:SEEDS]]
    assert abs(sum(began.values()) - 1) < 1e-9
    assert list(began.values()) == sorted(began.values(), reverse=True)
    assert seeds([]) == {}


def test_what_much_of_a_walk_comes_to_goes_up_and_no_walk_changes_no_order() -> None:
    ranked = fuse([hit("first", 0.9, 20.0), hit("second", 0.8, 10.0), hit("third", 0.4)], limit=5)
    assert [p.id for p in after_walk(ranked, seeds(ranked), {})] == ["first", "second", "third"]
    assert [p.id for p in after_walk(ranked, seeds(ranked), {"third": 10 * HALF_REACH})][:2] == ["first", "third"]
    scores = [reached(p, {"first": 1.0}, {"first": 1.0}).score for p in after_walk(ranked, {"first": 1.0}, {"first": 1.0})]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_of_equal_texts_only_the_best_is_kept() -> None:
    ranked = fuse([hit("copy", 0.5, text="The  same\ntext."), hit("best", 0.6, text="the same text."), hit("c", 0.1)], limit=5)
    assert [p.id for p in distinct(after_walk(ranked, {}, {}))] == ["best", "c"]
