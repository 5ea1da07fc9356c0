"""Evaluation sets: questions to a collection, and which of its passages are good or bad for them.

A judgement is of characters of a document's text, not of a chunk: chunks come and go with every way of cutting, and what was
judged stays. `text` finds it again in a document that has changed.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

Label = Literal["good", "bad"]


class EvaluationSet(msgspec.Struct, frozen=True, kw_only=True):
    """`queries` and `judgements` count what is in it."""

    name: str
    collection: str
    description: str
    created_by: str
    created_at: int
    queries: int = 0
    judgements: int = 0


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """`start` and `end` are characters of the text that the bytes with this digest were parsed to."""

    query: str
    label: Label
    document_id: str
    source: str
    path: str
    digest: str
    start: int
    end: int
    text: str
    judged_by: str
    judged_at: int

    @property
    def id(self) -> str:
        """The same for the same query and passage, so that judging again takes the place of what was said before."""
        parts = (self.query, self.document_id, self.digest, str(self.start), str(self.end))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


class EvaluationStore(Protocol):
    """Evaluation sets in one transaction."""

    async def all(self, collections: Sequence[str]) -> Sequence[EvaluationSet]:
        """Those of these collections, by name."""
        ...

    async def find(self, name: str) -> EvaluationSet | None: ...

    async def add(self, new: EvaluationSet) -> bool:
        """False when the name is taken."""
        ...

    async def remove(self, name: str) -> None:
        """With its judgements."""
        ...

    async def judge(self, name: str, judgements: Sequence[Judgement]) -> None:
        """Put them in; one of the same query and passage takes the place of the earlier one."""
        ...

    async def take_back(self, name: str, judgement: Judgement) -> bool:
        """Remove what was said of its query and passage. False when nothing was."""
        ...

    async def queries(self, name: str, *, after: str | None = None, limit: int | None = None) -> Sequence[str]:
        """In the order of the alphabet."""
        ...

    async def judgements(self, name: str, queries: Sequence[str]) -> Sequence[Judgement]:
        """Those of these queries, by query, then as they lie in the documents."""
        ...
