"""What every index of passages does, on the memory fake, on LanceDB and on Milvus Lite's server."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.adapters.vectors.milvus_server import LiteServer, lite_server

from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.identity import Rights
from stoa.domain.passages import Among
from stoa.domain.vectors import Chunk, IndexedChunk, VectorStore

EMBEDDER = HashingEmbedder(32)


Index = VectorStore


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiteServer]:
    with lite_server(tmp_path_factory.mktemp("milvus")) as server:
        yield server


@pytest.fixture(params=["memory", "lance", "lance in memory", pytest.param("milvus", marks=pytest.mark.slow)])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Index]:
    if request.param == "memory":
        yield MemoryIndex()
        return
    if request.param == "milvus":
        from stoa.adapters.vectors.milvus import MilvusIndex

        store = MilvusIndex(request.getfixturevalue("milvus").url)
        for collection in await store.collections():
            await store.drop(collection)
        yield store
        await store.close()
        return
    from stoa.adapters.vectors.lance import LanceIndex

    settled = timedelta(0) if request.param == "lance in memory" else timedelta(days=1)
    lance = LanceIndex(str(tmp_path / "vectors"), settled=settled)
    yield lance
    await lance.close()


async def rows(document: str, *texts: str, acl: frozenset[str] = frozenset({"team:a"})) -> list[IndexedChunk]:
    chunks = [
        Chunk(
            id=f"{document}.{n}",
            document_id=document,
            title=document.title(),
            path=f"{document}.md",
            heading=("One", "Two"),
            page=n + 1,
            start=n * 10,
            end=n * 10 + len(text),
            context=f"{document.title()}\nOne > Two",
            text=text,
        )
        for n, text in enumerate(texts)
    ]
    vectors = await EMBEDDER.embed([chunk.contextual_text for chunk in chunks], team="a")
    return [IndexedChunk(chunk, vector, acl) for chunk, vector in zip(chunks, vectors, strict=True)]


async def found(index: Index, question: str, *tags: str, collection: str = "c", limit: int = 10) -> tuple[list[str], list[str]]:
    (vector,) = await EMBEDDER.embed([question], team="a")
    acl = frozenset(tags)
    dense = await index.dense(collection, vector, acl=acl, limit=limit)
    lexical = await index.lexical(collection, question, vector, acl=acl, limit=limit)
    return [hit.passage.id for hit in dense], [hit.passage.id for hit in lexical]


async def test_both_searches_find_the_passage_whole(index: Index) -> None:
    await index.replace("c", ["d"], await rows("d", "Apples are red.", "Pears are green."))
    (vector,) = await EMBEDDER.embed(["red apples"], team="a")
    acl = frozenset({"team:a"})
    first = (await index.lexical("c", "red apples", vector, acl=acl, limit=1))[0]
    assert (await index.dense("c", vector, acl=acl, limit=1))[0].passage == first.passage
    passage = first.passage
    assert (passage.id, passage.document_id, passage.collection, passage.text) == ("d.0", "d", "c", "Apples are red.")
    assert (passage.title, passage.path, passage.heading, passage.page) == ("D", "d.md", ("One", "Two"), 1)
    assert (passage.start, passage.end) == (0, 15)


async def test_similarity_is_the_cosine_in_both_searches(index: Index) -> None:
    await index.replace("c", ["d"], await rows("d", "Apples are red."))
    (vector,) = await EMBEDDER.embed(["apples"], team="a")
    (chunk,) = await rows("d", "Apples are red.")
    cosine = sum(a * b for a, b in zip(chunk.vector, vector, strict=True))
    acl = frozenset({"team:a"})
    (dense,) = await index.dense("c", vector, acl=acl, limit=1)
    (lexical,) = await index.lexical("c", "apples", vector, acl=acl, limit=1)
    assert dense.similarity == pytest.approx(cosine, abs=1e-5)
    assert lexical.similarity == pytest.approx(cosine, abs=1e-5)
    assert dense.lexical is None
    assert lexical.lexical is not None


async def test_chunks_are_fetched_by_id_with_their_cosine(index: Index) -> None:
    await index.replace("c", ["d"], await rows("d", "Apples are red.", "Pears are green.", "Plums are blue."))
    (vector,) = await EMBEDDER.embed(["pears"], team="a")
    acl = frozenset({"team:a"})
    nearest = {hit.passage.id: hit for hit in await index.dense("c", vector, acl=acl, limit=10)}
    fetched = {hit.passage.id: hit for hit in await index.fetch("c", ["d.2", "d.1", "gone.0"], vector, acl=acl)}
    assert set(fetched) == {"d.1", "d.2"}
    for name, hit in fetched.items():
        assert hit.passage == nearest[name].passage
        assert hit.similarity == pytest.approx(nearest[name].similarity, abs=1e-5)
        assert hit.lexical is None
    assert await index.fetch("c", [], vector, acl=acl) == []
    assert await index.fetch("unknown", ["d.1"], vector, acl=acl) == []


async def test_fetching_by_id_opens_nothing_that_the_tags_do_not(index: Index) -> None:
    await index.replace("c", ["d"], await rows("d", "The salary is secret.", acl=frozenset({"group:hr"})))
    (vector,) = await EMBEDDER.embed(["salary"], team="a")
    assert await index.fetch("c", ["d.0"], vector, acl=frozenset({"team:a"})) == []
    assert await index.fetch("c", ["d.0"], vector, acl=frozenset()) == []
    assert await index.fetch("c", ["d.0') OR ('1'='1"], vector, acl=frozenset({"team:a"})) == []
    assert len(await index.fetch("c", ["d.0"], vector, acl=frozenset({"group:hr"}))) == 1


async def test_the_passages_of_a_document_are_listed_in_order_of_place(index: Index) -> None:
    await index.replace("c", ["d", "e"], [*reversed(await rows("d", "One.", "Two.", "Three.")), *await rows("e", "Other.")])
    acl = frozenset({"team:a"})
    assert [passage.text for passage in await index.of_document("c", "d", acl=acl)] == ["One.", "Two.", "Three."]
    assert {passage.text for passage in await index.of_ids("c", ["d.1", "e.0", "e.7"], acl=acl)} == {"Two.", "Other."}
    assert await index.of_ids("c", [], acl=acl) == []
    assert await index.of_document("c", "' OR 1=1 --", acl=acl) == []


async def test_listing_opens_nothing_that_the_tags_do_not(index: Index) -> None:
    await index.replace("c", ["d"], await rows("d", "One."))
    await index.grant("c", {"d": Rights(frozenset({"team:a"}), frozenset({"group:x"}))})
    for held in (frozenset[str](), frozenset({"team:b"}), frozenset({"team:a", "group:x"})):
        assert await index.of_document("c", "d", acl=held) == []
        assert await index.of_ids("c", ["d.0"], acl=held) == []
    assert [passage.id for passage in await index.of_ids("c", ["d.0"], acl=frozenset({"team:a"}))] == ["d.0"]


async def test_only_shared_tags_open_a_passage(index: Index) -> None:
    await index.replace("c", ["a", "b"], [
        *await rows("a", "The salary is secret.", acl=frozenset({"group:hr"})),
        *await rows("b", "The salary is public.", acl=frozenset({"team:a", "group:hr"})),
    ])  # fmt: skip
    assert await found(index, "salary", "team:a") == (["b.0"], ["b.0"])
    assert await found(index, "salary", "group:it") == ([], [])
    assert await found(index, "salary") == ([], [])
    dense, lexical = await found(index, "salary", "group:hr", "group:it")
    assert set(dense) == set(lexical) == {"a.0", "b.0"}


async def test_the_filter_is_inside_the_search_and_not_after_it(index: Index) -> None:
    many = [row for n in range(60) for row in await rows(f"x{n}", "budget budget budget", acl=frozenset({"group:hr"}))]
    await index.replace("c", [f"x{n}" for n in range(60)], many)
    await index.replace("c", ["y"], await rows("y", "The budget of the team and much else beside it."))
    assert await found(index, "budget", "team:a", limit=3) == (["y.0"], ["y.0"])


async def test_tags_are_data_and_never_part_of_the_filter(index: Index) -> None:
    strange = "group:it's') OR true --\\\""
    await index.replace("c", ["d"], await rows("d", "Apples are red.", acl=frozenset({strange})))
    await index.replace("c", ["e"], await rows("e", "Apples are green."))
    assert await found(index, "apples", strange) == (["d.0"], ["d.0"])
    assert await found(index, "apples", "x') OR true --") == ([], [])
    await index.grant("c", {"d": Rights(frozenset({"team:b", strange}))})
    assert await found(index, "apples", "team:b") == (["d.0"], ["d.0"])
    await index.replace("c", ["x') OR ('1'='1"], [])
    assert set((await found(index, "apples", "team:a", "team:b"))[1]) == {"d.0", "e.0"}


async def test_a_tag_is_whole_whatever_stands_in_it(index: Index) -> None:
    await index.replace("c", ["d"], await rows("d", "Apples are red."))
    for between in ("\x1f", "\x00", ",", "', '", "\n"):
        held = f"group:x{between}team:a{between}group:y"
        assert await found(index, "apples", held) == ([], [])
        assert await found(index, "apples", held, "group:it") == ([], [])
        await index.replace("c", ["e"], await rows("e", "Apples are green.", acl=frozenset({held})))
        assert await found(index, "apples", held) == (["e.0"], ["e.0"])
        assert await found(index, "apples", "group:x", "group:y") == ([], [])


async def test_a_caller_of_a_thousand_groups_sees_what_one_of_them_opens(index: Index) -> None:
    await index.replace("c", ["d"], await rows("d", "Apples are red.", acl=frozenset({"group:500"})))
    many = [f"group:{n}" for n in range(1_000)]
    assert await found(index, "apples", *many) == (["d.0"], ["d.0"])
    assert await found(index, "apples", *(tag for tag in many if tag != "group:500")) == ([], [])


@pytest.mark.parametrize("question", ["", "   ", '"', "apples AND (", "a:b* -c", "👩‍🔬 \x00 '", "x" * 5000])
async def test_any_question_is_only_words(index: Index, question: str) -> None:
    await index.replace("c", ["d"], await rows("d", "Apples are red."))
    dense, _ = await found(index, question, "team:a")
    assert dense == ["d.0"]


async def test_replacing_a_document_leaves_nothing_of_it_and_all_of_the_others(index: Index) -> None:
    await index.replace("c", ["d"], await rows("d", "Apples.", "Pears.", "Plums."))
    await index.replace("c", ["e"], await rows("e", "Apples too."))
    await index.replace("c", ["d"], await rows("d", "Cherries."))
    assert (await found(index, "pears", "team:a"))[1] == []
    assert set((await found(index, "x", "team:a"))[0]) == {"d.0", "e.0"}
    await index.replace("c", ["d"], [])
    assert (await found(index, "x", "team:a"))[0] == ["e.0"]


async def test_replacing_twice_is_replacing_once(index: Index) -> None:
    for _ in range(2):
        await index.replace("c", ["d"], await rows("d", "Apples.", "Pears."))
    assert sorted((await found(index, "x", "team:a"))[0]) == ["d.0", "d.1"]


async def test_granting_moves_the_rights_without_new_vectors(index: Index) -> None:
    await index.replace("c", ["d", "e"], [*await rows("d", "Apples.", "Pears."), *await rows("e", "Plums.")])
    await index.grant("c", {"d": Rights(frozenset({"group:hr"}))})
    assert (await found(index, "apples", "team:a")) == (["e.0"], [])
    assert set((await found(index, "apples", "group:hr"))[0]) == {"d.0", "d.1"}


async def test_what_was_added_is_found_before_and_after_tending(index: Index) -> None:
    await index.replace("c", ["d"], await rows("d", "Apples."))
    await index.tend("c")
    await index.replace("c", ["e"], await rows("e", "More apples."))
    assert set((await found(index, "apples", "team:a"))[1]) == {"d.0", "e.0"}
    await index.tend("c")
    assert set((await found(index, "apples", "team:a"))[1]) == {"d.0", "e.0"}


async def test_collections_are_apart_and_an_unknown_one_is_empty(index: Index) -> None:
    await index.replace("c", ["d"], await rows("d", "Apples."))
    await index.replace("other-1.x_y", ["d"], await rows("d", "Pears."))
    assert await found(index, "pears", "team:a", collection="unknown") == ([], [])
    assert (await found(index, "pears", "team:a", collection="other-1.x_y"))[1] == ["d.0"]
    assert (await found(index, "pears", "team:a"))[1] == []
    await index.grant("unknown", {"d": Rights(frozenset({"team:a"}))})
    await index.replace("unknown", ["d"], [])
    await index.tend("unknown")


async def whole(index: Index, collection: str = "c") -> dict[str, IndexedChunk]:
    """All rows by chunk."""
    documents = await index.documents(collection)
    return {row.chunk.id: row for row in await index.rows(collection, documents)}


async def _given(*parts: list[IndexedChunk]) -> AsyncIterator[list[IndexedChunk]]:
    for part in parts:
        yield part


async def test_rows_come_back_as_they_were_written(index: Index) -> None:
    (bare,) = await rows("e", "Pears.", acl=frozenset({"group:it's", "user:ben"}))
    plain = msgspec.structs.replace(bare.chunk, context="", page=None, heading=())
    written = [*await rows("d", "Apples.", "Plums.\n"), IndexedChunk(plain, bare.vector, bare.acl, frozenset({"group:x"}))]
    await index.replace("c", ["d", "e"], written)
    await index.replace("c", ["f"], await rows("f", "Figs."))
    assert (await index.collections(), await index.documents("c")) == (["c"], ["d", "e", "f"])
    found = {row.chunk.id: row for row in await index.rows("c", ["e", "d", "unknown"])}
    assert {name: row.chunk for name, row in found.items()} == {row.chunk.id: row.chunk for row in written}
    for row in written:
        assert list(found[row.chunk.id].vector) == pytest.approx(list(row.vector), abs=1e-7)
        assert found[row.chunk.id].rights == row.rights
    assert (await index.documents("unknown"), await index.rows("unknown", ["d"]), await index.rows("c", [])) == ([], [], [])


async def test_a_rebuilt_collection_holds_what_was_given_and_nothing_else(index: Index) -> None:
    await index.replace("c", ["a", "b"], [*await rows("a", "Apples.", "Pears."), *await rows("b", "Plums.")])
    await index.tend("c")
    given = _given(await rows("b", "Plums are blue."), await rows("d", "Cherries.", acl=frozenset({"team:b"})))
    await index.rebuild("c", given)
    for _ in range(2):
        assert await found(index, "plums", "team:a") == (["b.0"], ["b.0"])
        assert (await found(index, "cherries apples", "team:b"))[1] == ["d.0"]
        assert set(await whole(index)) == {"b.0", "d.0"}
        await index.tend("c")
    await index.replace("c", ["b"], await rows("b", "More."))
    assert (await found(index, "x", "team:a"))[0] == ["b.0"]


async def test_a_rebuild_that_breaks_off_leaves_what_was_there(index: Index) -> None:
    async def broken() -> AsyncIterator[list[IndexedChunk]]:
        yield await rows("new", "Apples that are new.")
        assert await found(index, "apples", "team:a") == (["d.0"], ["d.0"])
        raise ConnectionResetError

    await index.replace("c", ["d"], await rows("d", "Apples."))
    with pytest.raises(ConnectionResetError):
        await index.rebuild("c", broken())
    assert await found(index, "apples", "team:a") == (["d.0"], ["d.0"])
    await index.rebuild("c", _given(await rows("e", "Apples."), await rows("f", "Apples.")))
    assert set(await whole(index)) == {"e.0", "f.0"}


async def test_a_collection_can_be_rebuilt_from_nothing_to_nothing_and_dropped(index: Index) -> None:
    await index.rebuild("c", _given(await rows("d", "Apples.")))
    assert await found(index, "apples", "team:a") == (["d.0"], ["d.0"])
    await index.rebuild("c", _given())
    assert (await found(index, "apples", "team:a"), await whole(index)) == (([], []), {})
    await index.replace("c", ["d"], await rows("d", "Apples."))
    for _ in range(2):
        await index.drop("c")
    assert (await index.collections(), await found(index, "apples", "team:a")) == ([], ([], []))
    await index.replace("c", ["d"], await rows("d", "Pears."))
    assert (await found(index, "pears", "team:a"))[1] == ["d.0"]


async def test_the_stores_rank_the_same_words_alike(index: Index) -> None:
    """The fake in memory aside, which knows no grammar."""
    if isinstance(index, MemoryIndex):
        return
    texts = [
        "Travelling costs money.",
        "The travel of a café's guests, travels and travelled.",
        "Money, money.",
        "Cafe of 2024.",
    ]
    await index.replace(
        "c", [f"d{n}" for n in range(4)], [row for n, text in enumerate(texts) for row in await rows(f"d{n}", text)]
    )
    await index.tend("c")
    for question, best in (
        ("travel", ["d1.0", "d0.0"]),
        ("CAFÉ guest", ["d1.0", "d3.0"]),
        ("the of", []),
        ("moneys", ["d2.0", "d0.0"]),
    ):
        assert (await found(index, question, "team:a"))[1] == best, question


async def test_what_is_dropped_is_gone_and_may_come_again(index: Index) -> None:
    await index.replace("_2.c", ["d"], await rows("d", "Apples."))
    await index.replace("c", ["d"], await rows("d", "Apples."))
    for _ in range(2):
        await index.drop("_2.c")
    assert await found(index, "apples", "team:a", collection="_2.c") == ([], [])
    assert (await found(index, "apples", "team:a"))[1] == ["d.0"]
    await index.replace("_2.c", ["e"], await rows("e", "Apples."))
    assert (await found(index, "apples", "team:a", collection="_2.c"))[1] == ["e.0"]


@pytest.mark.parametrize("settled", [timedelta(0), timedelta(days=1)])
async def test_a_second_process_sees_what_was_committed(settled: timedelta, tmp_path: Path) -> None:
    from stoa.adapters.vectors.lance import LanceIndex

    writer, reader = LanceIndex(str(tmp_path)), LanceIndex(str(tmp_path), settled=settled)
    assert await found(reader, "apples", "team:a") == ([], [])
    await writer.replace("c", ["d"], await rows("d", "Apples."))
    assert await found(reader, "apples", "team:a") == (["d.0"], ["d.0"])
    await writer.grant("c", {"d": Rights(frozenset({"group:hr"}))})
    assert await found(reader, "apples", "team:a") == ([], [])
    await writer.replace("c", ["d"], [])
    assert await found(reader, "apples", "group:hr") == ([], [])


@pytest.mark.parametrize("named", [1, 3, 150])
async def test_a_search_among_some_documents_ranks_no_others(index: Index, named: int) -> None:
    for name in ("d", "it's", "other"):
        await index.replace("c", [name], await rows(name, "Apples are red."))
    (vector,) = await EMBEDDER.embed(["apples"], team="a")
    acl = frozenset({"team:a"})
    wanted = frozenset(["d", "it's", *(f"unknown-{n}" for n in range(named))])
    for among, expected in (
        (Among(wanted), {"d", "it's"}),
        (Among(wanted, but=True), {"other"}),
        (Among(frozenset()), set[str]()),
        (Among(frozenset(), but=True), {"d", "it's", "other"}),
    ):
        dense = await index.dense("c", vector, acl=acl, limit=10, among=among)
        lexical = await index.lexical("c", "apples", vector, acl=acl, limit=10, among=among)
        assert {hit.passage.document_id for hit in dense} == expected
        assert {hit.passage.document_id for hit in lexical} == expected
        assert await index.dense("c", vector, acl=frozenset({"team:b"}), limit=10, among=among) == []
