"""What every graph of passages does, on the memory fake and on folders of segments."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples

from stoa.adapters.graph.folder import FolderGraph
from stoa.adapters.graph.memory import MemoryGraph
from stoa.domain.graph import COMMON, HUB, DocumentFacts, GraphLinks, GraphWalk, Link, PassageFacts, PassageGraph
from stoa.domain.identity import Rights, made_by

A, HR, NOBODY = frozenset({"team:a"}), frozenset({"group:hr"}), frozenset[str]()


class Graph(PassageGraph, GraphWalk, GraphLinks, Protocol):
    """All sides of the graph."""


@pytest.fixture(params=["memory", "folder"])
async def graph(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Graph]:
    if request.param == "memory":
        yield MemoryGraph()
        return
    folder = FolderGraph(tmp_path)
    yield folder
    await folder.close()


def passage(name: str, *mentions: str, about: Sequence[str] = ()) -> PassageFacts:
    return PassageFacts(id=name, about=frozenset(about), mentions=frozenset(mentions))


def document(name: str, *passages: PassageFacts, acl: frozenset[str] = A, deny: frozenset[str] = NOBODY) -> DocumentFacts:
    return DocumentFacts(id=name, passages=passages, rights=Rights(acl, deny))


async def put(graph: Graph, *documents: DocumentFacts) -> None:
    await graph.replace("c", [one.id for one in documents], documents)


async def reached(graph: Graph, *seeds: str, acl: frozenset[str] = A, limit: int = 10) -> list[str]:
    return list(await graph.walk("c", dict.fromkeys(seeds, 1.0 / len(seeds)), acl=acl, limit=limit))


async def test_a_passage_leads_to_the_one_that_is_about_what_it_mentions(graph: Graph) -> None:
    await put(
        graph, document("d", passage("d.0", "ruined city", about=["nevil shute"])),
        document("e", passage("e.0", "nevil shute", "london")), document("f", passage("f.0", "london")),
    )  # fmt: skip
    found = await graph.walk("c", {"e.0": 1.0}, acl=A, limit=10)
    assert next(iter(found)) == "d.0"
    assert found["d.0"] > found["f.0"] > 0
    assert sum(found.values()) <= 1.0


async def test_passages_beside_each_other_are_neighbours_and_documents_are_not(graph: Graph) -> None:
    await put(graph, document("d", *(passage(f"d.{n}") for n in range(5))), document("e", passage("e.0")))
    assert set(await reached(graph, "d.2")) == {"d.1", "d.2", "d.3"}
    assert await reached(graph, "e.0") == []


async def test_a_link_leads_to_the_document_of_its_path(graph: Graph) -> None:
    await put(graph, document("d", passage("d.0", "/hr/leave.md")), document("e", passage("e.0", about=["/hr/leave.md"])))
    assert (await reached(graph, "d.0"))[0] == "e.0"


async def test_what_is_seeded_more_sends_more(graph: Graph) -> None:
    await put(
        graph, document("d", passage("d.0", "x")), document("e", passage("e.0", about=["x"])),
        document("f", passage("f.0", "y")), document("g", passage("g.0", about=["y"])),
    )  # fmt: skip
    found = await graph.walk("c", {"d.0": 0.9, "f.0": 0.1}, acl=A, limit=10)
    assert found["e.0"] == pytest.approx(9 * found["g.0"])


async def test_a_hub_leads_only_to_what_is_about_it(graph: Graph) -> None:
    many = [document(f"m{n}", passage(f"m{n}.0", "everywhere")) for n in range(HUB + 5)]
    await put(graph, *many)
    assert await reached(graph, "m3.0") == []
    await put(graph, document("d", passage("d.0", about=["everywhere"])))
    assert await reached(graph, "m3.0") == ["d.0"]
    await put(graph, *(document(f"m{n}", passage(f"m{n}.0")) for n in range(10, HUB + 5)))
    assert len(await reached(graph, "m3.0", limit=50)) == 11


async def test_at_most_as_many_as_wanted_the_best_first(graph: Graph) -> None:
    await put(graph, *(document(f"d{n}", passage(f"d{n}.0", "x", *["y"] * (n < 3))) for n in range(9)))
    found = await graph.walk("c", {"d0.0": 1.0}, acl=A, limit=3)
    assert set(found) == {"d0.0", "d1.0", "d2.0"}
    assert list(found.values()) == sorted(found.values(), reverse=True)


async def test_what_may_not_be_read_is_neither_returned_nor_walked_through(graph: Graph) -> None:
    await put(
        graph, document("d", passage("d.0", "secret")), document("e", passage("e.0", "end", about=["secret"]), acl=HR),
        document("f", passage("f.0", about=["end"])),
    )  # fmt: skip
    assert await reached(graph, "d.0") == []
    assert await reached(graph, "e.0") == []
    assert "e.0" in await reached(graph, "d.0", acl=A | HR)
    assert await reached(graph, "d.0", acl=frozenset()) == []


async def test_hundreds_that_may_not_be_read_make_no_hub_and_hide_none(graph: Graph) -> None:
    hidden = [document(f"h{n}", passage(f"h{n}.0", "x", about=["y"]), acl=HR) for n in range(10 * HUB)]
    await put(graph, *hidden, document("d", passage("d.0", "x", "y")), document("e", passage("e.0", "x", about=["y"])))
    await put(graph, document("f", passage("f.0", "y")))
    only = MemoryGraph()
    await put(only, document("d", passage("d.0", "x", "y")), document("e", passage("e.0", "x", about=["y"])))
    await put(only, document("f", passage("f.0", "y")))
    for seed in ("d.0", "f.0"):
        without = await only.walk("c", {seed: 1.0}, acl=A, limit=9)
        assert await graph.walk("c", {seed: 1.0}, acl=A, limit=9) == pytest.approx(without)


async def test_a_common_name_is_a_hub_even_for_whoever_reads_little_of_it(graph: Graph) -> None:
    hidden = document("h", *(passage(f"h.{n}", "x") for n in range(COMMON + 1)), acl=HR)
    await put(graph, document("d", passage("d.0", "x")), document("e", passage("e.0", "x")), hidden)
    assert await reached(graph, "d.0") == []
    await put(graph, document("e", passage("e.0", about=["x"])))
    assert await reached(graph, "d.0") == ["e.0"]


async def test_a_denial_beats_what_opens_for_a_key_of_whoever_is_denied_too(graph: Graph) -> None:
    await put(graph, document("d", passage("d.0", "x")), document("e", passage("e.0", about=["x"]), deny=HR))
    assert await reached(graph, "d.0") == ["e.0", "d.0"]
    assert await reached(graph, "d.0", acl=A | HR) == []
    assert await reached(graph, "d.0", acl=A | made_by(HR)) == []
    await graph.grant("c", {"e": Rights(A)})
    assert await reached(graph, "d.0", acl=A | HR) == ["e.0", "d.0"]


async def test_granting_moves_the_rights_alone(graph: Graph) -> None:
    await put(graph, document("d", passage("d.0", "x")), document("e", passage("e.0", about=["x"])))
    await graph.grant("c", {"e": Rights(HR), "unknown": Rights(HR)})
    assert await reached(graph, "d.0") == []
    await graph.grant("c", {"e": Rights(A | HR)})
    assert "e.0" in await reached(graph, "d.0")
    assert "e.0" not in await reached(graph, "d.0", acl=HR)


async def test_replacing_leaves_nothing_of_what_was_and_twice_is_once(graph: Graph) -> None:
    await put(graph, document("d", passage("d.0", "x")), document("e", passage("e.0", about=["x"])))
    for _ in range(2):
        await put(graph, document("e", passage("e.0", about=["y"]), passage("e.1")))
    assert await reached(graph, "d.0") == []
    await graph.replace("c", ["e", "unknown"], [])
    assert await reached(graph, "e.0") == []
    await put(graph, document("e", passage("e.0", about=["x"])))
    assert "e.0" in await reached(graph, "d.0")


async def test_collections_are_apart_and_an_unknown_one_leads_nowhere(graph: Graph) -> None:
    await put(graph, document("d", passage("d.0", "x")))
    await graph.replace("other", ["e"], [document("e", passage("e.0", about=["x"]))])
    assert await reached(graph, "d.0") == []
    assert await graph.walk("unknown", {"d.0": 1.0}, acl=A, limit=5) == {}
    await graph.grant("unknown", {"d": Rights(HR)})
    await graph.replace("unknown", ["d"], [])
    assert await graph.walk("c", {}, acl=A, limit=5) == {}


async def test_what_is_dropped_is_gone_and_may_come_again(graph: Graph) -> None:
    two = [document("d", passage("d.0", "x")), document("e", passage("e.0", about=["x"]))]
    await put(graph, *two)
    assert "e.0" in await reached(graph, "d.0")
    for _ in range(2):
        await graph.drop("c")
    assert await reached(graph, "d.0") == []
    await put(graph, *two)
    assert "e.0" in await reached(graph, "d.0")


async def test_links_of_a_passage_are_shown_under_the_same_rights(graph: Graph) -> None:
    await put(
        graph, document("d", passage("d.0", "x", "only here", about=["y"])), document("e", passage("e.0", "x")),
        document("f", passage("f.0", about=["x"]), passage("f.1", "y")), document("g", passage("g.0", "x", "y"), acl=HR),
    )  # fmt: skip
    assert list(await graph.links("c", "d.0", acl=A, limit=5)) == [
        Link(name="x", about=False, passages=("f.0", "e.0"), more=False),
        Link(name="y", about=True, passages=("f.1",), more=False),
    ]
    (first, _) = await graph.links("c", "d.0", acl=A | HR, limit=2)
    assert first == Link(name="x", about=False, passages=("f.0", "e.0"), more=True)
    assert list(await graph.links("c", "g.0", acl=A, limit=5)) == []
    assert list(await graph.links("unknown", "d.0", acl=A, limit=5)) == []


async def test_of_a_hub_only_what_is_about_it_is_shown(graph: Graph) -> None:
    await put(
        graph, document("d", passage("d.0", about=["x"])), *(document(f"m{n}", passage(f"m{n}.0", "x")) for n in range(HUB))
    )
    assert list(await graph.links("c", "m0.0", acl=A, limit=5)) == [Link(name="x", about=False, passages=("d.0",), more=False)]


async def test_another_process_sees_what_was_committed(tmp_path: Path) -> None:
    writer, reader = FolderGraph(tmp_path), FolderGraph(tmp_path)
    assert await reached(reader, "d.0") == []
    await put(writer, document("d", passage("d.0", "x")))
    await put(writer, document("e", passage("e.0", about=["x"])))
    assert "e.0" in await reached(reader, "d.0")
    await writer.grant("c", {"e": Rights(HR)})
    assert await reached(reader, "d.0") == []
    await writer.replace("c", ["d", "e"], [])
    assert await reached(reader, "d.0", acl=A | HR) == []
    await reader.close()


NAMES = st.frozensets(st.sampled_from("vwxyz"), max_size=3)
SOME = st.tuples(NAMES, NAMES)
Change = tuple[int, Rights, list[tuple[frozenset[str], frozenset[str]]]]
CHANGE = st.tuples(
    st.integers(0, 7), st.sampled_from([Rights(A), Rights(HR), Rights(A | HR), Rights(A, HR)]), st.lists(SOME, max_size=3)
)


def _documents(
    changes: Sequence[tuple[int, frozenset[str], list[tuple[frozenset[str], frozenset[str]]]]],
) -> list[DocumentFacts]:
    return [
        document(f"d{n}", *(PassageFacts(id=f"d{n}.{m}", about=a, mentions=b - a) for m, (a, b) in enumerate(some)))
        for n, rights, some in changes
    ]


@settings(max_examples=examples(25), deadline=None)
@given(changes=st.lists(CHANGE, min_size=1, max_size=12), seeds=st.frozensets(st.integers(0, 7), min_size=1, max_size=3))
def test_folders_walk_as_memory_does_whatever_was_changed(changes: list[Change], seeds: frozenset[int]) -> None:
    async def both() -> None:
        memory, folder = MemoryGraph(), FolderGraph(Path(home))
        for one in _documents(changes):
            for graph in (memory, folder):
                if one.passages:
                    await put(graph, one)
                else:
                    await graph.grant("c", {one.id: one.rights})
        wanted = {f"d{n}.0": 1 / len(seeds) for n in seeds}
        for acl in (A, HR, A | HR):
            right = await memory.walk("c", wanted, acl=acl, limit=50)
            assert await folder.walk("c", wanted, acl=acl, limit=50) == pytest.approx(right)
        await folder.close()

    with tempfile.TemporaryDirectory() as home:
        asyncio.run(both())


@settings(max_examples=examples(40), deadline=None)
@given(changes=st.lists(CHANGE, min_size=1, max_size=12), seeds=st.frozensets(st.integers(0, 7), min_size=1, max_size=3))
def test_a_walk_is_as_if_there_were_nothing_that_may_not_be_read(changes: list[Change], seeds: frozenset[int]) -> None:
    async def both() -> None:
        whole, readable = FolderGraph(Path(home) / "whole"), FolderGraph(Path(home) / "readable")
        kept = {one.id: one for one in _documents(changes)}
        await put(whole, *kept.values())
        await put(readable, *(one for one in kept.values() if one.rights.open_to(A)))
        wanted = {f"d{n}.0": 1 / len(seeds) for n in seeds}
        without = await readable.walk("c", wanted, acl=A, limit=50)
        assert await whole.walk("c", wanted, acl=A, limit=50) == pytest.approx(without)
        await whole.close()
        await readable.close()

    with tempfile.TemporaryDirectory() as home:
        asyncio.run(both())
