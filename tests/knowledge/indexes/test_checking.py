"""Whether an index holds what the documents say, and how that is made good."""

from tests.knowledge.corpora import HR, SEARCHED, TEAM, MemoryCorpus, rows

from stoa.adapters.vectors.memory import MemoryIndex
from stoa.knowledge.indexes.checking import check, repair


async def test_an_index_as_the_documents_say_has_no_faults() -> None:
    index, corpus = MemoryIndex(), MemoryCorpus()
    for name in ("d", "e"):
        corpus.put(name, "x", rights=HR)
        await index.replace("c", [name], await rows(name, "x", rights=HR))
    found = await check(index, corpus, SEARCHED)
    assert (found.none, found.documents, found.rows) == (True, 2, 4)


async def test_each_fault_is_found_and_made_good() -> None:
    index, corpus = MemoryIndex(), MemoryCorpus()
    for name in ("open", "removed", "unknown", "short", "lost", "under-way", "failed"):
        await index.replace("c", [name], await rows(name, "x"))
    corpus.put("open", "x", rights=HR)
    corpus.put("removed", "x", state="removed")
    corpus.put("failed", "x", state="failed")
    corpus.put("short", "x", chunks=3)
    corpus.put("lost", "x")
    corpus.put("under-way", "x", rights=HR, known=False)
    await index.replace("c", ["lost"], [])
    found = await check(index, corpus, SEARCHED)
    assert found.open_wrongly == ["open"]
    assert found.strangers == ["failed", "removed", "unknown"]
    assert found.incomplete == ["lost", "short"]
    await repair(index, corpus, SEARCHED, found)
    after = await check(index, corpus, SEARCHED)
    assert after.none
    assert await index.documents("c") == ["open", "short", "under-way"]
    assert {row.rights for row in await index.rows("c", ["open"])} == {HR}
    assert corpus.kept["lost"].indexed_as is corpus.kept["short"].indexed_as is None
    assert corpus.raised == 1
    assert {row.rights for row in await index.rows("c", ["under-way"])} == {TEAM}  # its job brings the right ones
