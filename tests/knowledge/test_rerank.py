"""A model puts the best of a ranking in order; where it gives none, or not in time, the order stands."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.passages import Passage, Reranked, Scores
from stoa.domain.reranking import Rerank
from stoa.errors import ProviderError
from stoa.knowledge.rerank import RerankingRetriever, read_text, reordered

ACL = frozenset({"team:a"})


def passage(number: int, text: str = "") -> Passage:
    words = text or f"This is what passage {chr(97 + number)} says."
    score = 0.9 - number / 20
    return Passage(
        f"p{number}", "d", "c", "Title", "p", ("Head",), None, 0, 1, words, score, scores=Scores(dense=0.1, fused=score)
    )


class Ranked:
    """A retriever that gives passages in their order."""

    def __init__(self, *passages: Passage) -> None:
        self.passages, self.limits = passages, list[int]()

    async def retrieve(self, question: str, *, limit: int, **asked: Any) -> Sequence[Passage]:
        self.limits.append(limit)
        return self.passages[:limit]


class Model:
    """Gives these scores, or fails, or never answers."""

    def __init__(self, scores: Sequence[float] | Exception | None) -> None:
        self.scores, self.asked = scores, list[tuple[str, Sequence[str], str]]()

    async def rerank(self, question: str, texts: Sequence[str], *, team: str) -> Sequence[float]:
        self.asked.append((question, texts, team))
        if self.scores is None:
            await asyncio.Event().wait()
        if isinstance(self.scores, Exception):
            raise self.scores
        assert self.scores is not None
        return self.scores[: len(texts)]


async def ask(
    model: Model, *passages: Passage, limit: int = 10, mode: Any = "hybrid", **wanted: Any
) -> tuple[list[Passage], list[Reranked]]:
    told = list[Reranked]()
    retriever = RerankingRetriever(Ranked(*passages), Rerank(model="sorter", **wanted), model, told.append)
    found = await retriever.retrieve("why?", collections=["c"], acl=ACL, limit=limit, on_behalf_of="red", mode=mode)
    return list(found), told


def ids(found: Sequence[Passage]) -> list[str]:
    return [each.id for each in found]


async def test_the_order_is_the_models_and_each_passage_keeps_what_it_was_ranked_by_before() -> None:
    model = Model([0.1, 0.9, 0.5])
    found, (told,) = await ask(model, *(passage(n) for n in range(3)))
    assert ids(found) == ["p1", "p2", "p0"]
    assert [each.score for each in found] == [0.9, 0.5, 0.1]
    assert found[0].scores == Scores(dense=0.1, fused=passage(1).score, rerank=0.9)
    assert (told.model, told.state, told.why) == ("sorter", "reranked", "")
    assert model.asked == [("why?", [read_text(passage(n)) for n in range(3)], "red")]
    assert model.asked[0][1][0] == "Title > Head\nThis is what passage a says."


async def test_the_model_reads_the_first_and_the_others_stay_below_them_in_their_order() -> None:
    found, _ = await ask(Model([0.2, 0.4]), *(passage(n) for n in range(5)), top=2)
    assert ids(found) == ["p1", "p0", "p2", "p3", "p4"]
    assert sorted((each.score for each in found), reverse=True) == [each.score for each in found]
    assert found[2].scores is not None
    assert found[2].scores.rerank is None


async def test_more_are_found_than_are_wanted_so_that_one_from_further_down_can_come_first() -> None:
    found, _ = await ask(Model([0.1, 0.2, 0.3, 0.4]), *(passage(n) for n in range(4)), limit=1, top=4)
    assert ids(found) == ["p3"]


@pytest.mark.parametrize(
    ("scores", "state", "why"),
    [
        (ProviderError("It is out of memory."), "failed", "It is out of memory."),
        (None, "late", "It gave no answer within 0.01 s."),
    ],
)
async def test_a_model_that_gives_no_order_leaves_it_as_it_was_and_that_is_said(scores: Any, state: str, why: str) -> None:
    found, (told,) = await ask(Model(scores), *(passage(n) for n in range(3)), limit=2, timeout_s=0.01)
    assert found == [passage(0), passage(1)]
    assert (told.state, told.why) == (state, why)


async def test_one_passage_needs_no_order_and_other_searches_have_theirs() -> None:
    model = Model([0.1, 0.9])
    assert await ask(model, passage(0)) == ([passage(0)], [])
    assert await ask(model, passage(0), passage(1), mode="lexical") == ([passage(0), passage(1)], [])
    assert model.asked == []


async def test_a_copy_that_the_model_likes_as_well_stands_behind_what_says_something_else() -> None:
    copies = [passage(n, "The office is open on all working days from early until late.") for n in range(3)]
    found, _ = await ask(Model([0.9, 0.89, 0.88, 0.3]), *copies, passage(3), limit=2)
    assert ids(found) == ["p0", "p3"]


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=12))
def test_scores_without_bounds_become_such_between_0_and_1_in_the_same_order(scores: list[float]) -> None:
    made = reordered([passage(n) for n in range(len(scores))], scores)
    said = [each.scores.rerank for each in made if each.scores is not None]
    assert said == sorted(scores, reverse=True)
    assert all(0 <= each.score <= 1 for each in made)
    assert [each.score for each in made] == sorted((each.score for each in made), reverse=True)
