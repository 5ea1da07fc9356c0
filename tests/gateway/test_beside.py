"""Neighbours of passages found: within one budget, under the caller's rights, with numbers of their own."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.identity import AccessTag
from stoa.domain.passages import Passage
from stoa.domain.resources import Assistant
from stoa.domain.vectors import Chunk, IndexedChunk, chunk_id
from stoa.gateway.beside import chosen, in_order, widened

OPEN, CLOSED = frozenset({"team:company"}), frozenset({"group:board"})


def passage(place: int, document: str = "d1", *, length: int = 10) -> Passage:
    start = 100 * place
    words = f"{document} part {place}".ljust(length, ".")
    return Passage(chunk_id(document, place), document, "handbook", "T", "p", (), None, start, start + length, words, 0.5)


def chosen_ids(found: Sequence[Passage], there: Sequence[Passage], *, reach: int, budget: int) -> list[str]:
    by_id = {each.id: each for each in there}
    picked = chosen(found, by_id, reach=reach, budget=budget, tokens_of=lambda each: len(each.text))
    return [each.id for each in in_order(picked)]


async def indexed(*parts: tuple[Passage, frozenset[AccessTag]]) -> MemoryIndex:
    index = MemoryIndex()
    rows = [
        IndexedChunk(
            Chunk(
                id=each.id, document_id=each.document_id, title="T", path="p", heading=(), page=None, start=each.start,
                end=each.end, context="", text=each.text,
            ),
            (1.0,),
            acl,
        )
        for each, acl in parts
    ]  # fmt: skip
    await index.replace("handbook", sorted({each.document_id for each, _ in parts}), rows)
    return index


def test_neighbours_stand_around_their_passage_in_the_order_of_the_document() -> None:
    found, there = [passage(5, "b"), passage(2, "a")], [passage(n, doc) for doc in "ab" for n in range(8)]
    assert chosen_ids(found, there, reach=1, budget=1000) == ["b.4", "b.5", "b.6", "a.1", "a.2", "a.3"]


def test_passages_found_side_by_side_stand_together_where_the_better_was_and_come_once() -> None:
    found, there = [passage(3), passage(7, "x"), passage(4)], [passage(n) for n in range(8)]
    assert chosen_ids(found, there, reach=1, budget=1000) == ["d1.2", "d1.3", "d1.4", "d1.5", "x.7"]


def test_what_the_budget_does_not_hold_is_left_out_the_nearest_of_the_best_first() -> None:
    found, there = [passage(3), passage(3, "x")], [passage(n, doc) for doc in ("d1", "x") for n in range(8)]
    assert chosen_ids(found, there, reach=2, budget=30) == ["d1.2", "d1.3", "d1.4", "x.3", "x.4"]
    assert chosen_ids(found, there, reach=2, budget=9) == ["d1.3", "x.3"]


def test_nothing_is_taken_beyond_a_gap() -> None:
    there = [passage(5), passage(4, length=500), passage(6)]
    assert chosen_ids([passage(3)], there, reach=3, budget=100) == ["d1.3"]


def test_what_another_index_cut_there_is_no_neighbour() -> None:
    overlapping = msgspec.structs.replace(passage(4), start=305)
    assert chosen_ids([passage(3)], [overlapping], reach=1, budget=100) == ["d1.3"]


async def test_a_neighbour_that_is_closed_to_the_caller_is_never_shown_nor_what_lies_behind_it() -> None:
    parts = [passage(n) for n in range(6)]
    index = await indexed(*((each, CLOSED if each.id in ("d1.1", "d1.4") else OPEN) for each in parts))

    async def seen(acl: frozenset[AccessTag]) -> list[str]:
        found = await widened(
            [parts[3]], reach=3, budget=1000, tokens_of=lambda _: 1, reader=index, index_of=str, acl=acl
        )  # fmt: skip
        return [each.id for each in found]

    assert await seen(OPEN) == ["d1.2", "d1.3"]
    assert await seen(OPEN | CLOSED) == ["d1.0", "d1.1", "d1.2", "d1.3", "d1.4", "d1.5"]


@given(
    st.sets(st.integers(0, 9), min_size=1), st.sets(st.integers(0, 9)), st.integers(0, 4), st.integers(0, 60)
)  # fmt: skip
def test_what_was_found_is_kept_and_the_rest_holds_the_budget(
    found: set[int], closed: set[int], reach: int, budget: int
) -> None:
    given, there = [passage(n) for n in found], {each.id: each for n in range(10) if n not in closed for each in (passage(n),)}
    picked = chosen(given, there, reach=reach, budget=budget, tokens_of=lambda each: len(each.text))
    added = [each for each in picked if each not in given]
    assert picked[: len(given)] == given
    assert sum(len(each.text) for each in added) <= budget
    assert all(each.id in there for each in added)
    assert sorted(each.id for each in in_order(picked)) == sorted(each.id for each in picked)


async def ask(house: Any, index: MemoryIndex, answer: Any, found: Sequence[Passage], *, neighbours: int) -> tuple[str, Any]:
    assistant = Assistant(name="handbook", collections=("handbook",), neighbours=neighbours)
    here = house(answer, index=index, assistants={"handbook": assistant})
    here.documents.passages = list(found)
    reply = await here.chat("assistant/handbook")
    return json.loads(here.upstreams.sent[0].body)["messages"][0]["content"], reply.json["stoa"]


async def test_a_model_sees_neighbours_as_passages_and_each_citation_holds_what_its_number_said(house: Any, make: Any) -> None:
    parts = [passage(n) for n in range(4)]
    index = await indexed(*((each, OPEN) for each in parts))
    prompt, stoa = await ask(house, index, make.whole("It says so [1]. And so [2]."), [parts[1]], neighbours=1)
    assert prompt.split("Passages:\n\n")[1] == "[1] T\nd1 part 0.\n\n[2] T\nd1 part 1.\n\n[3] T\nd1 part 2."
    cited = [(each["n"], each["start"], each["end"], each["passage"]) for each in stoa["citations"]]
    assert cited == [(1, 0, 10, parts[0].text), (2, 100, 110, parts[1].text)]


async def test_without_neighbours_the_index_is_not_asked_again(house: Any, make: Any) -> None:
    index = await indexed(*((passage(n), OPEN) for n in range(4)))
    prompt, stoa = await ask(house, index, make.whole("It says so [1]."), [passage(1)], neighbours=0)
    assert prompt.split("Passages:\n\n")[1] == "[1] T\nd1 part 1."
    assert stoa["passages_considered"] == 1
