"""What the graph learns from chunks, and that it changes with the index."""

import pytest

from stoa.adapters.graph.memory import MemoryGraph
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.identity import Rights
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.knowledge.facts import BEGINNING, facts_of, links_in
from stoa.knowledge.linked import LinkedIndex

ACL = frozenset({"team:a"})


def row(document: str, number: int, text: str, *, title: str = "", heading: tuple[str, ...] = ()) -> IndexedChunk:
    chunk = Chunk(
        id=f"{document}.{number}", document_id=document, title=title, path=f"hr/{document}.md", heading=heading, page=None,
        start=0, end=len(text), context="", text=text,
    )  # fmt: skip
    return IndexedChunk(chunk, [1.0], ACL)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See [leave](leave.md#annual) and [travel](../travel/rules.md?x=1).", {"/hr/leave.md", "/travel/rules.md"}),
        ("[root](/all.md), [spaces](<my%20file.md>) ![image](a.png)", {"/all.md", "/hr/my file.md", "/hr/a.png"}),
        ('<a class="x" href="other.html">there</a>', {"/hr/other.html"}),
        ("[out](https://example.org/a.md) [mail](mailto:a@b.c) [here](#top) [odd](http://[) [none]()", set()),
        ("[up](../../../../etc/passwd)", {"/etc/passwd"}),
    ],
)
def test_links_are_paths_as_seen_from_their_document(text: str, links: set[str]) -> None:
    assert links_in(text, "hr/policy.md") == links


def test_a_passage_is_about_its_title_heading_and_opening_and_mentions_the_rest() -> None:
    text = "## Hotels\n\nEurope Desk books rooms in Berlin. See [leave](leave.md)."
    (facts,) = facts_of([row("travel", 0, text, title="Travel policy", heading=("Rooms", "Hotels"))])
    (passage,) = facts.passages
    assert passage.about == {"travel policy", "hotels", "europe desk", "/hr/travel.md"}
    assert {"berlin", "europe", "/hr/leave.md"} <= passage.mentions
    assert not passage.mentions & passage.about
    assert facts.rights == Rights(ACL)


def test_a_title_leads_to_the_beginning_of_a_long_document() -> None:
    (facts,) = facts_of([row("d", n, "text", title="Handbook") for n in range(BEGINNING + 2)])
    assert ["handbook" in passage.about for passage in facts.passages] == [True] * BEGINNING + [False] * 2


async def test_the_graph_changes_with_the_index() -> None:
    index, graph = MemoryIndex(), MemoryGraph()
    linked = LinkedIndex(index, graph)
    rows = [row("a", 0, "Ask Nevil Shute.", title="One"), row("b", 0, "He wrote.", title="Nevil Shute")]
    await linked.replace("c", ["a", "b"], rows)
    await linked.tend("c")
    assert "b.0" in await graph.walk("c", {"a.0": 1.0}, acl=ACL, limit=5)
    await linked.grant("c", {"b": Rights(frozenset({"group:hr"}))})
    assert len(await index.dense("c", [1.0], acl=ACL, limit=5)) == 1
    assert await graph.walk("c", {"a.0": 1.0}, acl=ACL, limit=5) == {}
    await linked.replace("c", ["a", "b"], [])
    assert await graph.walk("c", {"a.0": 1.0}, acl=ACL | {"group:hr"}, limit=5) == {}
