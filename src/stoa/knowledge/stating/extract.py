"""Relations found by a model: where a collection names a route for it, held to a schema, and kept if they stand in the passage.

Both ends of a relation must be words of the passage, as they are written in it: what a model adds of its own is dropped. One
that fails leaves what the rules found, and a line in the log: documents are searchable without it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from stoa.domain.chat import Completer
from stoa.domain.indexes import collection_of
from stoa.domain.resources import Collection
from stoa.domain.vectors import Chunk
from stoa.errors import ProviderError
from stoa.knowledge.names import fold
from stoa.knowledge.stating.relations import KIND, Named, Relation, as_named

log = logging.getLogger("stoa.graph")

VERSION = "1"
"""Grows with the prompt and the schema."""

AT_ONCE = 4
MOST = 24
"""Relations kept of one passage."""

_PROMPT = """\
You find what a passage says of the people, organisations, places, products and other things that it names.
Answer with relations: `subject` and `object` copied letter by letter from the passage, `relation` one to four words in lower
case such as "head of", "located in", "replaces". For what something is, use the relation "is a".
Say nothing that the passage does not say."""

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 120}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["relations"],
    "properties": {
        "relations": {
            "type": "array",
            "maxItems": MOST,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["subject", "relation", "object"],
                "properties": {
                    "subject": _TEXT,
                    "relation": {"type": "string", "minLength": 1, "maxLength": 48},
                    "object": _TEXT,
                },
            },
        }
    },
}


class _Said(msgspec.Struct, frozen=True):
    subject: str
    relation: str
    object: str


class _Answer(msgspec.Struct, frozen=True):
    relations: list[_Said]


class Extraction(msgspec.Struct, frozen=True):
    """What was found, by chunk, and by whom."""

    found: dict[str, list[Relation]]
    by: tuple[str, str]


class ModelExtractor:
    """Asks the `extraction_route` of each collection that has one; its team pays."""

    def __init__(self, completer: Completer, collection_of: Callable[[str], Awaitable[Collection | None]]) -> None:
        self._completer, self._collection_of = completer, collection_of

    async def extract(self, collection: str, chunks: Sequence[Chunk]) -> Extraction | None:
        resource = await self._collection_of(collection_of(collection))  # of whichever of its indexes this is
        if resource is None or resource.extraction_route is None:
            return None
        route, team, places = resource.extraction_route, resource.team, asyncio.Semaphore(AT_ONCE)

        async def one(chunk: Chunk) -> list[Relation] | None:
            async with places:
                try:
                    return relations_of(await self._completer.complete(ask(chunk, route), team=team), chunk)
                except (ProviderError, msgspec.DecodeError) as error:
                    log.warning("%r found no relations in passage %s: %s", route, chunk.id, error)
                    return None

        answers = await asyncio.gather(*(one(chunk) for chunk in chunks))
        found = {chunk.id: some for chunk, some in zip(chunks, answers, strict=True) if some is not None}
        return Extraction(found, (f"model-{route}", VERSION))


def ask(chunk: Chunk, route: str) -> Mapping[str, Any]:
    """The request for one passage, as clients write it."""
    schema = {"name": "relations", "strict": True, "schema": _SCHEMA}
    return {
        "model": route,
        "temperature": 0,
        "messages": [{"role": "system", "content": _PROMPT}, {"role": "user", "content": chunk.contextual_text}],
        "response_format": {"type": "json_schema", "json_schema": schema},
    }


def relations_of(answer: str, chunk: Chunk) -> list[Relation]:
    """Those of an answer that stand in the passage. Raises msgspec.DecodeError for one of another form."""
    kept: list[Relation] = []
    words = " ".join(chunk.contextual_text.split())
    for each in msgspec.json.decode(answer, type=_Answer).relations[:MOST]:
        subject, object_ = _standing(each.subject, words), _standing(each.object, words)
        relation = " ".join(each.relation.lower().split())[:48]
        if subject is None or object_ is None or not relation or subject == object_:
            continue
        kept.append(Relation(subject, relation, each.object.strip().lower() if relation == KIND else object_))
    return kept


def _standing(said: str, words: str) -> Named | None:
    """Something by its name, if that is in the text as it is written."""
    said = " ".join(said.split())
    if not said or said not in words:
        return None
    name = " ".join(filter(None, map(fold, said.split())))
    return as_named(said) or (Named(name, said) if name else None)
