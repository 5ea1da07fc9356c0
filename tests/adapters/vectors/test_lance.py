"""What only the LanceDB index does: rows kept in memory, and an index of vectors once there are many."""

import math
import random
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from stoa.adapters.vectors.lance import LanceIndex
from stoa.adapters.vectors.lance_indices import EXACT_BELOW
from stoa.domain.identity import Rights, user_tag
from stoa.domain.vectors import Chunk, Hit, IndexedChunk

WIDTH = 64
ALL, FEW = frozenset({"team:all"}), frozenset({"group:few"})


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[LanceIndex]:
    lance = LanceIndex(str(tmp_path))
    yield lance
    await lance.close()


def rows(numbers: Sequence[int], *, acl: frozenset[str] = ALL) -> list[IndexedChunk]:
    return [
        IndexedChunk(
            Chunk(
                id=f"d{n}.0", document_id=f"d{n}", title="", path=f"d{n}.md", heading=(), page=None, start=0, end=9,
                context="", text=f"number{n}",
            ),
            vector(n),
            acl,
        )
        for n in numbers
    ]  # fmt: skip


def vector(seed: int) -> list[float]:
    draw = random.Random(seed)
    values = [draw.gauss(0, 1) for _ in range(WIDTH)]
    length = math.sqrt(sum(value * value for value in values))
    return [value / length for value in values]


def cosine(one: int, other: int) -> float:
    return sum(a * b for a, b in zip(vector(one), vector(other), strict=True))


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage.id for hit in hits]


async def test_many_rows_get_an_index_of_vectors_that_finds_as_exactly_under_any_filter(index: LanceIndex) -> None:
    few, many = range(0, EXACT_BELOW, 50), [n for n in range(EXACT_BELOW) if n % 50]
    await index.replace("c", [], [*rows(few, acl=FEW), *rows(many)])
    await index.tend("c")
    assert await index.segments("c") == 1
    question = vector(-1)
    nearest = sorted(few, key=lambda n: -cosine(n, -1))
    found = await index.dense("c", question, acl=FEW, limit=10)
    assert ids(found) == [f"d{n}.0" for n in nearest[:10]]
    assert [hit.similarity for hit in found] == pytest.approx([cosine(n, -1) for n in nearest[:10]], abs=1e-5)
    best = {f"d{n}.0" for n in sorted(many, key=lambda n: -cosine(n, -1))[:10]}
    assert len(best & set(ids(await index.dense("c", question, acl=ALL, limit=100)))) >= 9


async def test_what_comes_after_the_index_of_vectors_is_found_at_once(index: LanceIndex) -> None:
    await index.replace("c", [], rows(range(EXACT_BELOW)))
    await index.tend("c")
    new = EXACT_BELOW + 1
    await index.replace("c", [f"d{new}"], rows([new], acl=FEW))
    assert ids(await index.dense("c", vector(new), acl=FEW | ALL, limit=1)) == [f"d{new}.0"]
    await index.tend("c")
    assert ids(await index.dense("c", vector(new), acl=FEW | ALL, limit=1)) == [f"d{new}.0"]
    await index.replace("c", [f"d{new}"], [])
    assert ids(await index.dense("c", vector(new), acl=FEW | ALL, limit=1)) != [f"d{new}.0"]


async def test_few_rows_are_compared_with_all(index: LanceIndex) -> None:
    await index.replace("c", [], rows(range(100)))
    await index.tend("c")
    assert await index.segments("c") == 0
    assert ids(await index.dense("c", vector(7), acl=ALL, limit=1)) == ["d7.0"]


async def test_rows_kept_in_memory_are_given_to_nobody_whom_the_filter_stops(index: LanceIndex) -> None:
    await index.replace("c", ["d1"], rows([1]))
    assert ids(await index.dense("c", vector(1), acl=ALL, limit=5)) == ["d1.0"]
    assert await index.dense("c", vector(1), acl=FEW, limit=5) == []
    await index.grant("c", {"d1": Rights(FEW)})
    assert await index.dense("c", vector(1), acl=ALL, limit=5) == []
    assert await index.fetch("c", ["d1.0"], vector(1), acl=ALL) == []
    assert ids(await index.lexical("c", "number1", vector(1), acl=FEW, limit=5)) == ["d1.0"]


async def test_a_kept_passage_knows_when_its_rights_come_to_name_a_person(index: LanceIndex) -> None:
    await index.replace("c", ["d1"], rows([1]))
    assert not (await index.dense("c", vector(1), acl=ALL, limit=5))[0].passage.personal
    await index.grant("c", {"d1": Rights(ALL, frozenset({user_tag("usr_1")}))})
    assert (await index.dense("c", vector(1), acl=ALL, limit=5))[0].passage.personal


async def test_a_changed_text_is_not_taken_from_memory(index: LanceIndex) -> None:
    await index.replace("c", ["d1"], rows([1]))
    assert (await index.dense("c", vector(1), acl=ALL, limit=1))[0].passage.text == "number1"
    (changed,) = rows([2])
    chunk = Chunk(
        id="d1.0", document_id="d1", title="", path="", heading=(), page=None, start=0, end=7, context="", text="changed"
    )
    await index.replace("c", ["d1"], [IndexedChunk(chunk, changed.vector, ALL)])
    (found,) = await index.dense("c", vector(1), acl=ALL, limit=5)
    assert (found.passage.text, found.similarity) == ("changed", pytest.approx(cosine(1, 2), abs=1e-5))
    await index.tend("c")
    assert (await index.lexical("c", "changed", vector(2), acl=ALL, limit=5))[0].similarity == pytest.approx(1, abs=1e-5)


TEXTS = [
    "The taxi's driver was travelling, and the travel paid.",
    "Naïve cafés in Zürich",
    "日本語 and a taxi",
    "taxi taxi taxi",
    "Running runs: the runner ran.",
    f"{'x' * 41} too long for a word, this_one not",
    "",
    "It is not the one that was",
]


@pytest.mark.parametrize(
    "question", ["a taxi", "Taxi taxi travels", "naive CAFE Zurich runs", "日本語", "x" * 41, "this one", "t", "the", "none"]
)
async def test_words_are_ranked_in_memory_as_in_the_store(tmp_path: Path, question: str) -> None:
    held = LanceIndex(str(tmp_path), settled=timedelta(0))
    store = LanceIndex(str(tmp_path), settled=timedelta(days=1))
    made = zip(rows(range(len(TEXTS))), TEXTS, strict=True)
    some = [(msgspec.structs.replace(row.chunk, context="T", text=text), row.vector) for row, text in made]
    await held.replace("c", [], [IndexedChunk(*each, FEW if n % 3 else ALL) for n, each in enumerate(some)])
    await held.tend("c")  # till then the store counts what is new apart from the rest
    for acl in (ALL, FEW, ALL | FEW):
        found = await held.lexical("c", question, vector(1), acl=acl, limit=9)
        other = await store.lexical("c", question, vector(1), acl=acl, limit=9)
        assert {hit.passage.id: hit.lexical for hit in found} == pytest.approx({hit.passage.id: hit.lexical for hit in other})
    await held.close()
    await store.close()
