"""What is kept ready before anybody asks, and that it then is."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contracts.said import HR, NOBODY, A, said
from tests.contracts.test_knowledge_graph import MEMORY, Folder, put, rows

from stoa.adapters.triples.folder import FolderLedgers
from stoa.adapters.triples.keeping import Keeper, due, grounds
from stoa.adapters.triples.ledger import Kind, Ledger, Size, Survey
from stoa.adapters.triples.views import Views
from stoa.domain.identity import PUBLIC, Rights
from stoa.settings import Settings
from stoa.wiring.graphs import open_graphs

DOCUMENTS = "SELECT (COUNT(?t) AS ?n) { ?d dcterms:title ?t }"


def ground(tag: str) -> Kind:
    return Kind(frozenset({tag}), NOBODY, undenied=True)


def survey(*sizes: tuple[str, str, int]) -> Survey:
    """Of rights by their tags that allow and deny, with triples of each."""
    rights = [Rights(frozenset(allow.split()), frozenset(deny.split())) for allow, deny, _ in sizes]
    return Survey(1, dict(enumerate(rights)), {number: Size(1, triples) for number, (_, _, triples) in enumerate(sizes)})


def test_grounds_are_what_a_tag_opens_and_nobody_is_denied_largest_first() -> None:
    found = grounds(
        survey(("team:a", "", 50), (PUBLIC, "", 90), ("team:a group:hr", "", 30), ("group:hr", "team:b", 200)), worth=50
    )
    assert found == [ground("public"), ground("team:a")], "HR has much, but not undenied"
    assert grounds(survey(("team:a", "", 40)), worth=50) == [], "what is small is made when it is asked for"
    assert grounds(survey(("nobody", "", 90)), worth=50) == []
    assert len(grounds(survey(("team:a team:b", "", 90)), worth=50)) == 1, "two tags that open the same have one"
    assert len(grounds(survey(*((f"team:{n}", "", 90) for n in range(30))), worth=50)) == 8


def test_a_ground_reads_nothing_that_anybody_is_denied() -> None:
    assert ground("team:a").reads(Rights(A))
    assert not ground("team:a").reads(Rights(A, HR))
    assert not ground("team:a").reads(Rights(HR))
    assert ground("team:a").name != Kind(A, NOBODY).name


@pytest.fixture
async def graph() -> AsyncIterator[Folder]:
    with tempfile.TemporaryDirectory(prefix="stoa-graph-", dir=MEMORY) as folder:
        made = Folder(Path(folder))
        yield made
        await made.close()


async def fill(graph: Folder, start: int, end: int, acl: frozenset[str] = A) -> None:
    await put(graph, *(said(f"d{n}", (f"e{n}", "is", "x"), acl=acl) for n in range(start, end)))


@pytest.mark.slow
def test_what_is_a_few_changes_behind_is_left_to_queries(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.replace([f"d{n}" for n in range(3)], [said(f"d{n}", ("x", "is", "y")) for n in range(3)])
    kind = ledger.kind_of(A)
    assert due(tmp_path, now=time.time(), worth=1) == [ground("team:a")]
    Views(tmp_path).forward(kind, keep=4)
    Views(tmp_path).forward(ground("team:a"), keep=4)
    assert due(tmp_path, now=time.time(), worth=1) == []
    ledger.replace([f"d{n}" for n in range(3)], [])
    assert due(tmp_path, now=time.time(), worth=1) == []
    ledger.replace([f"d{n}" for n in range(40)], [said(f"d{n}", ("x", "is", "y")) for n in range(40)])
    assert due(tmp_path, now=time.time(), worth=1) == [ground("team:a"), kind]
    assert due(tmp_path, now=time.time() + 8 * 24 * 3600, worth=1) == [ground("team:a")], "nobody asked for a week"


@pytest.mark.slow
async def test_views_are_brought_forward_before_they_are_asked(graph: Folder) -> None:
    await fill(graph, 0, 40)
    await fill(graph, 40, 44, HR)
    folder = graph.root / "c"

    async def forward(folder: Path, kind: Kind) -> int:
        return Views(folder).forward(kind, keep=32).change

    keeper = Keeper(graph.root, forward, worth=100)
    assert await keeper.tend(folder) == [ground("team:a")]
    assert await keeper.tend(folder) == [], "nothing has changed since"
    assert await rows(graph, DOCUMENTS) == [("40",)]
    assert await rows(graph, DOCUMENTS, acl=A | HR) == [("44",)]
    await fill(graph, 44, 100)
    ledger = Ledger(folder)
    assert set(await keeper.tend(folder)) == {ground("team:a"), ledger.kind_of(A), ledger.kind_of(A | HR)}
    newest = Views(folder).newest(ledger.kind_of(A | HR))
    assert newest is not None
    assert newest[0] == ledger.latest()
    assert await rows(graph, DOCUMENTS, acl=A | HR) == [("100",)]


async def test_a_collection_that_fails_keeps_no_other_from_being_ready(graph: Folder, caplog: pytest.LogCaptureFixture) -> None:
    """Nor is it tried without end: again when it changes."""
    for collection in ("a", "b"):
        await graph.replace(collection, ["d"], [said("d", ("x", "is", "y"))])
    asked, reached = list[str](), asyncio.Event()

    async def forward(folder: Path, kind: Kind) -> int:
        asked.append(folder.name)
        if folder.name == "b":
            reached.set()
            return Ledger(folder).latest()
        raise OSError("no space left")

    keeper = Keeper(graph.root, forward, worth=1)
    running = asyncio.create_task(keeper.run())
    async with asyncio.timeout(30):
        await reached.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert "the graph of 'a' cannot be kept ready: no space left" in caplog.text
    assert await keeper.tend(graph.root / "a") == []
    await graph.replace("a", ["d"], [])
    await graph.replace("a", ["e"], [said("e", ("x", "is", "y"))])
    with pytest.raises(OSError, match="no space"):
        await keeper.tend(graph.root / "a")
    assert asked == ["a", "b", "a"]


@pytest.mark.slow
async def test_a_running_role_has_what_many_share_ready_before_anybody_asks() -> None:
    """One document that says very much is enough; so is the wiring that control itself uses."""
    with tempfile.TemporaryDirectory(prefix="stoa-graph-", dir=MEMORY) as name:
        settings = Settings(home=name)
        root = settings.home_folder.triples
        large = said("d", *((f"e{n}", "is", f"e{n + 1}") for n in range(9000)))
        await FolderLedgers(root).replace("c", ["d"], [large])
        async with open_graphs(settings) as graphs:
            for _ in range(600):
                if Views(root / "c").newest(ground("team:a")):
                    break
                await asyncio.sleep(0.1)
            assert Views(root / "c").newest(ground("team:a")) is not None
            assert await rows(graphs, DOCUMENTS) == [("1",)]
