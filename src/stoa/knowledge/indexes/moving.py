"""Moving an index from one store to another while it is searched and written.

Rounds: in each, all that the new store lacks or has otherwise is written there, document by document. A later round finds what
changed meanwhile; a command that broke off begins again with the documents that are left. Once little is left, writes to the
old store are held back (see `gate`), and a last round makes both equal. From then on only the new store is written: what waits
goes there when Stoa starts with it. Until then questions are answered from the old one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stoa.domain.indexes import collection_of
from stoa.domain.vectors import CorpusLedger, VectorStore
from stoa.errors import InternalError
from stoa.knowledge.indexes.gate import IndexGate
from stoa.knowledge.indexes.sameness import Difference, batches, compare

ROUNDS = 20
"""Tries to make both equal, before it is said that there is too much going on."""

Say = Callable[[str, int, int], None]
"""Told how far it is: the collection, documents done, documents in all."""


@dataclass(frozen=True)
class Moved:
    """What one collection took: rounds until both stores held the same, and what that is."""

    collection: str
    documents: int
    rows: int
    written: int
    rounds: int


async def copy(source: VectorStore, target: VectorStore, collection: str, corpus: CorpusLedger, say: Say) -> Moved:
    """Make the target hold what the source holds, and see that it does. Raises InternalError when it never comes to that."""
    written = 0
    for number in range(1, ROUNDS + 1):
        before = await corpus.version(collection_of(collection))
        difference = await compare(source, target, collection)
        if difference.none and await corpus.version(collection_of(collection)) == before:
            return Moved(collection, difference.documents, difference.rows, written, number)
        written += await _write(source, target, collection, difference, say)
        if number == 1:
            await target.tend(collection)
    raise InternalError(
        f"Collection {collection!r} changed in each of {ROUNDS} rounds, so the stores could not be made equal. "
        "Let the jobs that write to it end, then try again: what was copied is kept."
    )


async def move(
    source: VectorStore, target: VectorStore, collections: Sequence[str], corpus: CorpusLedger, gate: IndexGate, *,
    store: str, say: Say,
) -> Sequence[Moved]:  # fmt: skip
    """Copy all, let only the new store be written, and copy what came between."""
    first = [await copy(source, target, collection, corpus, say) for collection in collections]
    await gate.move(store)
    last = [await copy(source, target, collection, corpus, say) for collection in collections]
    return [
        Moved(now.collection, now.documents, now.rows, before.written + now.written, before.rounds + now.rounds)
        for before, now in zip(first, last, strict=True)
    ]


async def _write(source: VectorStore, target: VectorStore, collection: str, difference: Difference, say: Say) -> int:
    if difference.extra:
        await target.replace(collection, difference.extra, [])
    done = 0
    for some in batches(difference.changed):
        await target.replace(collection, some, await source.rows(collection, some))
        done += len(some)
        say(collection, done, len(difference.changed))
    return done + len(difference.extra)
