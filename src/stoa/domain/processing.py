"""Processing: documents into chunks with vectors, some or many at a time, here or on other machines.

Documents are named, not carried: whoever processes them reads their bytes from the object store. What one document does to its
parser is told in its result and never stops the others.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from stoa.domain.passages import Spent
from stoa.domain.traits import Sketch, Traits
from stoa.domain.vectors import Chunk


class Recipe(msgspec.Struct, frozen=True):
    """How an index is made of texts: chunks of at most so many tokens, embedded by this model."""

    embedding_model: str
    chunk_tokens: int


class Item(msgspec.Struct, frozen=True):
    """A document to be processed, by the digest of its bytes. `refusal` says why they were not taken, where that is known.

    `anew`: a text of it that was kept is not to be used. Documents of one `collection` are told apart from their copies.
    """

    id: str
    path: str
    digest: str
    refusal: str | None = None
    anew: bool = False
    collection: str = ""


class Processed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one document: its chunks, or why there are none.

    `vectors` are little-endian float32, one after the other, in the order of the chunks, and None where whoever processed had
    no embedder at hand or got no answer from it; `spent` is what embedding them took.
    """

    id: str
    title: str = ""
    pages: int | None = None
    chunks: tuple[Chunk, ...] = ()
    vectors: bytes | None = None
    spent: Spent = Spent()
    traits: Traits | None = None
    sketch: Sketch | None = None
    failure: str | None = None


class Processor(Protocol):
    """Parses, cuts and, where it can, embeds."""

    def process(self, items: Sequence[Item], recipe: Recipe, *, team: str) -> AsyncIterator[Sequence[Processed]]:
        """Each item once, some at a time and in any order; the next are not begun before these were taken. `team` pays.

        Raises ProcessingError when the machines that process cannot be reached or go away; nothing is known then of items that
        did not come.
        """
        ...

    async def close(self) -> None: ...
