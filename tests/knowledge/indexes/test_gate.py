"""The gate before an index: who waits, who does not, and what is written again."""

import asyncio
from collections.abc import Sequence

from tests.knowledge.corpora import TEAM, rows

from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.identity import Rights
from stoa.domain.vectors import IndexedChunk
from stoa.knowledge.indexes.gate import LEASE_MS, GatedIndex, IndexGate


class Clock:
    now = 1_000

    def __call__(self) -> int:
        return self.now


def gate(objects: ObjectFolder, store: str, clock: Clock) -> IndexGate:
    return IndexGate(objects, store=store, now_ms=clock, pause_s=0.001)


async def test_nothing_holds_writes_back_at_first() -> None:
    index = MemoryIndex()
    gated = GatedIndex(index, gate(ObjectFolder.memory(), "old", Clock()))
    await gated.replace("c", ["d"], await rows("d", "x"))
    await gated.grant("c", {"d": TEAM})
    await gated.tend("c")
    assert await index.documents("c") == ["d"]


async def test_after_a_move_the_old_store_waits_and_the_new_one_is_written() -> None:
    objects, clock, old, new = ObjectFolder.memory(), Clock(), MemoryIndex(), MemoryIndex()
    await gate(objects, "old", clock).move("new")
    waiting = asyncio.create_task(GatedIndex(old, gate(objects, "old", clock)).replace("c", ["d"], await rows("d", "x")))
    await GatedIndex(new, gate(objects, "new", clock)).replace("c", ["d"], await rows("d", "x"))
    await asyncio.sleep(0.02)
    assert (waiting.done(), await old.documents("c"), await new.documents("c")) == (False, [], ["d"])
    await gate(objects, "new", clock).move("old")
    await waiting
    assert await old.documents("c") == ["d"]


async def test_a_collection_that_is_put_back_waits_alone_and_not_for_ever() -> None:
    objects, clock, index = ObjectFolder.memory(), Clock(), MemoryIndex()
    closing = gate(objects, "s", clock)
    await closing.close("c")
    gated = GatedIndex(index, gate(objects, "s", clock))
    waiting = asyncio.create_task(gated.grant("c", {"d": TEAM}))
    await gated.replace("other", ["d"], await rows("d", "x"))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    clock.now += LEASE_MS + 1  # whoever held it is dead
    await waiting
    await closing.close("c")
    await closing.open("c")
    await asyncio.wait_for(gated.tend("c"), 1)


async def test_a_write_under_way_when_the_gate_closes_is_made_again() -> None:
    objects, clock = ObjectFolder.memory(), Clock()
    closing = gate(objects, "s", clock)

    class Slow(MemoryIndex):
        writes = 0

        async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
            self.writes += 1
            if self.writes == 1:
                await closing.close("c")  # it is put back just now, and what is written is lost in that
                await closing.open("c")
                return
            await super().replace(collection, documents, chunks)

    index = Slow()
    await GatedIndex(index, gate(objects, "s", clock)).replace("c", ["d"], await rows("d", "x", rights=Rights(frozenset())))
    assert (index.writes, await index.documents("c")) == (2, ["d"])
