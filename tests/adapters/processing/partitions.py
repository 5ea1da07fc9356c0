"""Partitions processed in a process of its own: Daft can be told once a process what to run on.

`python -m tests.adapters.processing.partitions HOW FOLDER`, HOW being native, ray, stopped or open_..., processes what lies in
the folder's `items` and writes what came of it to its `processed`. A document called `crash...` kills its parser, one called
`hang...` never ends.
"""

import asyncio
import os
import sys
from pathlib import Path

import msgspec
import psutil

from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.parsers.process import ParserProcesses
from stoa.adapters.parsers.words import WordSplitter
from stoa.adapters.processing.child import Opening
from stoa.adapters.processing.daft import DaftProcessor
from stoa.domain.documents import ParsedDocument
from stoa.domain.processing import Item, Processed, Recipe
from stoa.knowledge.process import Pipeline

RECIPE = Recipe("stoa-embed", 48)


class Poisonable:
    """The parser in child processes, over documents that do it harm."""

    def __init__(self) -> None:
        self._parser, self._hanging = ParserProcesses(size=2), ParserProcesses(size=1, timeout_s=0.001)

    async def parse(self, data: bytes, *, name: str) -> ParsedDocument:
        if name.startswith("hang"):
            return await self._hanging.parse(data, name=name)
        if not name.startswith("crash"):
            return await self._parser.parse(data, name=name)
        alone = ParserProcesses(size=1)
        await alone.parse(b"x", name="a.txt")
        own = [child for child in psutil.Process().children() if "stoa.adapters.parsers.child" in " ".join(child.cmdline())]
        max(own, key=lambda child: (child.create_time(), child.pid)).kill()
        try:
            return await alone.parse(data, name=name)
        finally:
            await alone.close()

    async def close(self) -> None:
        await self._parser.close()
        await self._hanging.close()


def open_poisonable(told: bytes) -> Pipeline:
    """What each process opens."""
    objects = ObjectFolder.local(Path(told.decode()))
    return Pipeline(objects=objects, parser=Poisonable(), splitter=WordSplitter())


def open_nothing(_told: bytes) -> Pipeline:
    """What cannot be opened."""
    raise OSError("there is no such store")


def open_dying(_told: bytes) -> Pipeline:
    """What takes its process along."""
    os._exit(9)


async def direct(folder: Path, items: list[Item]) -> list[Processed]:
    """The same in this process."""
    parser = Poisonable()
    pipeline = Pipeline(objects=ObjectFolder.local(folder / "objects"), parser=parser, splitter=WordSplitter())
    found = [each async for some in pipeline.process(items, RECIPE, team="t") for each in some]
    await parser.close()
    return sorted(found, key=lambda each: each.id)


async def _main(how: str, folder: Path) -> None:
    address = None
    if how == "ray":
        import ray

        ray.init(num_cpus=2, include_dashboard=False, object_store_memory=100_000_000, log_to_driver=False)
        address = "here"  # it is joined already
    items = msgspec.msgpack.decode((folder / "items").read_bytes(), type=list[Item])
    function = how if how.startswith("open_") else "open_poisonable"
    opening = Opening(f"tests.adapters.processing.partitions:{function}", str(folder / "objects").encode())
    processor = DaftProcessor(lambda _team: opening, ray_address=address)
    stream = processor.process(items, RECIPE, team="t")
    if how == "stopped":
        await anext(aiter(stream))
        await stream.aclose()  # type: ignore[attr-defined]
        await _alone()
        return
    found = [each async for some in stream for each in some]
    (folder / "processed").write_bytes(msgspec.msgpack.encode(sorted(found, key=lambda each: each.id)))


async def _alone() -> None:
    """Until this process has no other left but the one that tidies up shared memory at the end."""
    async with asyncio.timeout(30):
        while [c for c in psutil.Process().children(recursive=True) if "resource_tracker" not in " ".join(c.cmdline())]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2])))
