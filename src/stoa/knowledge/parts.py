"""What jobs over many documents are made of: parts of their ids, each processed by whom it is large enough for."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from stoa.domain.jobs import JobLedger
from stoa.domain.processing import Item, Processed, Processor, Recipe
from stoa.errors import ProcessingError

PART_DOCUMENTS = 16
PART_BYTES = 4_000_000
"""Of a part that is processed in the worker."""

PARTITION_DOCUMENTS = 512
PARTITION_BYTES = 256_000_000
"""Of a part of a large job, which is processed in partitions."""

TEND_EVERY = 400
"""Documents between two rounds of compaction within a long job."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Processors:
    """Who processes a part. Without `partitioned`, all parts are processed as those of small jobs are."""

    few: Processor
    partitioned: Processor | None = None
    many: int = 300
    """Documents from which on a job is one of many."""

    def parts(self, documents: Sequence[tuple[str, int]]) -> Iterator[str]:
        """The parts of a job, of documents that are given as id and bytes."""
        many = self.partitioned is not None and len(documents) >= self.many
        return _parts(documents, *((PARTITION_DOCUMENTS, PARTITION_BYTES) if many else (PART_DOCUMENTS, PART_BYTES)))

    async def process(
        self, items: Iterable[Item], recipe: Recipe, *, team: str, large: bool, jobs: JobLedger, job_id: str,
        taken: Callable[[Sequence[Processed]], Awaitable[None]],
    ) -> None:  # fmt: skip
        """Hand what comes of the items to `taken`. What machines elsewhere do not give back is processed here."""
        waiting = {item.id: item for item in items}

        async def through(processor: Processor) -> None:
            found = processor.process(list(waiting.values()), recipe, team=team)
            async with aclosing(_ahead(found)) as batches:
                async for some in batches:
                    await taken(some)
                    for each in some:
                        waiting.pop(each.id)

        try:
            await through((self.partitioned if large else None) or self.few)
        except ProcessingError as error:
            await jobs.say(job_id, f"{error.message} What is left of this part is processed here.")
            await through(self.few)


def read_part(part: str) -> tuple[list[str], bool, bool]:
    """The ids of a part, whether it is a large one, and whether it is time to compact after it."""
    listed, _, before = part.partition("#")
    ids = listed.split(",")
    return ids, len(ids) > PART_DOCUMENTS, int(before) // TEND_EVERY != (int(before) + len(ids)) // TEND_EVERY


def _parts(documents: Sequence[tuple[str, int]], most: int, most_bytes: int) -> Iterator[str]:
    """The ids of each part, and behind a # how many documents came before it."""
    part, size, before = list[str](), 0, 0
    for document, its_bytes in documents:
        if part and (len(part) >= most or size + its_bytes > most_bytes):
            yield f"{','.join(part)}#{before}"
            part, size, before = [], 0, before + len(part)
        part.append(document)
        size += its_bytes
    if part:
        yield f"{','.join(part)}#{before}"


async def _ahead(stream: AsyncIterator[_T]) -> AsyncGenerator[_T]:
    """The same, the next one being made while the last one is dealt with: one ahead and no more."""

    async def following() -> _T | None:
        return await anext(stream, None)

    coming = asyncio.create_task(following())
    try:
        while (one := await coming) is not None:
            coming = asyncio.create_task(following())
            yield one
    finally:
        coming.cancel()
        await asyncio.wait([coming])
        if not coming.cancelled():
            coming.exception()  # whoever went away does not want to know
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
