"""What jobs over many documents are made of: parts of their ids, each processed by whom it is large enough for."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import NamedTuple

from stoa.domain.jobs import JobLedger
from stoa.domain.processing import Item, Processed, Processor, Recipe
from stoa.errors import ProcessingError
from stoa.knowledge.beside import ahead

PART_DOCUMENTS = 128
PART_BYTES = 4_000_000
"""Of a part that is processed in the worker: some batches, so that one is read while another is embedded. What is done of a
part that breaks off stays done."""

PARTITION_DOCUMENTS = 2_048
PARTITION_BYTES = 256_000_000
"""Of a part of a large job, which is processed in partitions."""

TEND_EVERY = 400
"""Documents between two rounds of compaction within a long job."""


@dataclass(frozen=True)
class Processors:
    """Who processes a part. Without `partitioned`, all parts are processed as those of small jobs are."""

    few: Processor
    partitioned: Processor | None = None
    many: int = 300
    """Documents from which on a job is one of many."""

    def parts(self, documents: Sequence[tuple[str, int]]) -> Sequence[str]:
        """The parts of a job, of documents that are given as id and bytes."""
        if self.partitioned is None or len(documents) < self.many:
            return list(_parts(documents, PART_DOCUMENTS, PART_BYTES))
        large = list(_parts(documents, PARTITION_DOCUMENTS, PARTITION_BYTES))
        return [f"{part}#{number}/{len(large)}" for number, part in enumerate(large, start=1)]

    async def process(
        self, items: Iterable[Item], recipe: Recipe, *, team: str, large: bool, jobs: JobLedger, job_id: str,
        taken: Callable[[Sequence[Processed]], Awaitable[None]],
    ) -> None:  # fmt: skip
        """Hand what comes of the items to `taken`. What machines elsewhere do not give back is processed here."""
        waiting = {item.id: item for item in items}

        async def through(processor: Processor) -> None:
            found = processor.process(list(waiting.values()), recipe, team=team)
            async with aclosing(ahead(found)) as batches:
                async for some in batches:
                    await taken(some)
                    for each in some:
                        waiting.pop(each.id)

        try:
            await through((self.partitioned if large else None) or self.few)
        except ProcessingError as error:
            await jobs.say(job_id, f"{error.message} What is left of this part is processed here.")
            await through(self.few)


class Part(NamedTuple):
    """What a part says of itself."""

    ids: list[str]
    large: bool
    tending: bool
    """Whether it is time to compact after it."""
    said: str | None
    """For whoever watches the job: which of its partitions this is."""


def read_part(part: str) -> Part:
    """The last field is of partitions alone, and is not in those that were planned before there was one."""
    listed, before, *place = part.split("#")
    ids = listed.split(",")
    tending = int(before) // TEND_EVERY != (int(before) + len(ids)) // TEND_EVERY
    said = "Partition {} of {}.".format(*place[0].split("/")) if place else None
    return Part(ids, bool(place) or len(ids) > PART_DOCUMENTS, tending, said)


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
