"""What only folders of segments have: they grow, are merged, are read meanwhile, and survive what goes wrong."""

import sqlite3
from pathlib import Path

import pytest

from stoa.adapters.graph import writing
from stoa.adapters.graph.folder import FolderGraph
from stoa.adapters.graph.ledger import Ledger
from stoa.domain.graph import DocumentFacts, PassageFacts
from stoa.domain.identity import Rights

A, HR = frozenset({"team:a"}), frozenset({"group:hr"})


def document(name: str, *mentions: str, about: str = "", acl: frozenset[str] = A) -> DocumentFacts:
    facts = PassageFacts(id=f"{name}.0", about=frozenset(filter(None, [about])), mentions=frozenset(mentions))
    return DocumentFacts(id=name, passages=(facts,), rights=Rights(acl))


async def put(graph: FolderGraph, *documents: DocumentFacts) -> None:
    await graph.replace("c", [one.id for one in documents], documents)


async def reached(graph: FolderGraph, seed: str, acl: frozenset[str] = A) -> set[str]:
    return set(await graph.walk("c", {seed: 1.0}, acl=acl, limit=1000))


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "c").glob("*.segment")}


async def test_many_writes_are_few_segments_and_lose_nothing(tmp_path: Path) -> None:
    graph = FolderGraph(tmp_path)
    for n in range(100):
        await put(graph, document(f"d{n}", f"chain {n}", f"chain {n + 1}", f"only {n}"))
    assert len(files(tmp_path)) <= 7
    assert await reached(graph, "d50.0") == {"d49.0", "d50.0", "d51.0"}
    await graph.tend("c")
    assert len(files(tmp_path)) == 1
    await graph.tend("c")
    assert await reached(graph, "d50.0") == {"d49.0", "d50.0", "d51.0"}
    await put(graph, document("d51", "chain 50"))
    assert await reached(graph, "d50.0") == {"d49.0", "d50.0", "d51.0"}
    assert await reached(graph, "d52.0") == {"d52.0", "d53.0"}
    await graph.close()


async def test_a_reader_of_before_a_merge_reads_on_and_then_sees_it(tmp_path: Path) -> None:
    writer, reader = FolderGraph(tmp_path), FolderGraph(tmp_path)
    await put(writer, document("d", "x"), document("e", about="x"))
    assert await reached(reader, "d.0") == {"d.0", "e.0"}
    before = files(tmp_path)
    await put(writer, document("f", "x"), document("g", "x"))
    assert not before & files(tmp_path)
    assert await reached(reader, "d.0") == {"d.0", "e.0", "f.0", "g.0"}
    await reader.close()


async def test_rights_that_change_again_and_again_leave_no_trace_behind(tmp_path: Path) -> None:
    graph = FolderGraph(tmp_path)
    await put(graph, document("d", "x"), document("e", about="x"))
    for n in range(20):
        await graph.grant("c", dict.fromkeys(("d", "e"), Rights(frozenset({f"group:{n}"}))))
        assert await reached(graph, "d.0", frozenset({f"group:{n}"})) == {"d.0", "e.0"}
    await put(graph, document("f"))
    with sqlite3.connect(tmp_path / "c" / "graph.sqlite") as ledger:
        assert ledger.execute("SELECT count(*) FROM changes").fetchone() == (0,)
        assert ledger.execute("SELECT count(*) FROM rights").fetchone() == (2,)
    ledger.close()
    assert await reached(graph, "d.0", frozenset({"group:19"})) == {"d.0", "e.0"}
    assert await reached(graph, "d.0", A) == set()
    await graph.close()


async def test_all_that_is_removed_leaves_no_segment(tmp_path: Path) -> None:
    graph = FolderGraph(tmp_path)
    await put(graph, document("d", "x"), document("e", "x"))
    await graph.replace("c", ["d", "e"], [])
    assert files(tmp_path) == set()
    assert await reached(graph, "d.0", A | HR) == set()
    await put(graph, document("d", "x"), document("e", "x"))
    assert await reached(graph, "d.0") == {"d.0", "e.0"}
    await graph.close()


async def test_what_fails_half_way_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = FolderGraph(tmp_path)
    await put(graph, document("d", "x"), document("e", "x"))
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "drop_segments", _fails)
        with pytest.raises(OSError, match="full"):
            await put(graph, document("d"), document("f", "x"))
    assert await reached(graph, "d.0") == {"d.0", "e.0"}
    await put(graph, document("d"), document("f", "x"))
    assert await reached(graph, "e.0") == {"e.0", "f.0"}
    await graph.close()


async def test_a_segment_that_was_lost_leads_nowhere_and_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    graph = FolderGraph(tmp_path)
    await put(graph, document("d", "x"), document("e", "x"))
    for name in files(tmp_path):
        (tmp_path / "c" / name).unlink()
    assert await reached(graph, "d.0") == set()
    assert "index its documents again" in caplog.text
    await graph.close()


def test_facts_of_nothing_make_no_folder(tmp_path: Path) -> None:
    writing.replace(tmp_path / "c", ["d"], [])
    writing.grant(tmp_path / "c", {"d": Rights(A)})
    writing.tend(tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def _fails(*_: object) -> None:
    raise OSError("The disk is full.")
