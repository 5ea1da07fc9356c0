"""The pipeline of one document after the other: parse > cut > embed, some documents at a time so that a batch spans them.

The same code runs in the worker, for a few documents, and wherever partitions of many are processed. Whatever one document
does is told in its own result.
"""

import asyncio
from array import array
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing

import msgspec

from stoa.domain.documents import Objects, ParsedDocument, Parser, Splitter, parsed_name, raw_name
from stoa.domain.passages import Embedder, Metered, Spent
from stoa.domain.processing import Item, Processed, Recipe
from stoa.errors import ProviderError, Unreadable
from stoa.knowledge.beside import ahead
from stoa.knowledge.chunk import chunk, title_of
from stoa.knowledge.fingerprint import PARSER
from stoa.knowledge.traits.enrich import enrich
from stoa.knowledge.traits.keywords import Rarity
from stoa.knowledge.traits.resemblance import signature_of

AT_ONCE = 32
"""Documents that are processed together, at most."""

EMBED_TEXTS = 64
EMBED_AT_ONCE = 2


def _nobody(_model: str) -> None:
    return None


def _as_rare(_word: str) -> float:
    return 1.0


class Pipeline:
    """Implements `domain.processing.Processor` in this process.

    `embedder_of` gives the embedder of a model; None leaves the vectors to whoever asks. `rarity` says how seldom a word is
    used, for keywords; without it all words are equally rare.
    """

    def __init__(
        self, *, objects: Objects, parser: Parser, splitter: Splitter, embedder_of: Callable[[str], Embedder | None] = _nobody,
        rarity: Rarity = _as_rare,
    ) -> None:  # fmt: skip
        self._objects, self._parser, self._splitter, self._embedder_of = objects, parser, splitter, embedder_of
        self._rarity = rarity
        self._cutting = asyncio.Lock()

    async def process(self, items: Sequence[Item], recipe: Recipe, *, team: str) -> AsyncIterator[Sequence[Processed]]:
        async with aclosing(ahead(self._read_all(items, recipe))) as batches:
            async for read in batches:
                yield await self._embedded(read, recipe, team)

    async def close(self) -> None:
        """Nothing is held: parser and embedder are closed by whoever opened them."""

    async def _read_all(self, items: Sequence[Item], recipe: Recipe) -> AsyncIterator[Sequence[Processed]]:
        for some in (items[n : n + AT_ONCE] for n in range(0, len(items), AT_ONCE)):
            yield await asyncio.gather(*(self._read(item, recipe) for item in some))

    async def _read(self, item: Item, recipe: Recipe) -> Processed:
        try:
            if item.refusal:
                raise Unreadable(item.refusal)
            parsed = await self._parsed(item)
        except Unreadable as error:
            return Processed(id=item.id, failure=error.message)
        async with self._cutting:  # one core for cutting, so that answers to questions keep the other
            return await asyncio.to_thread(self._cut, item, parsed, recipe)

    def _cut(self, item: Item, parsed: ParsedDocument, recipe: Recipe) -> Processed:
        chunks = chunk(parsed, self._splitter, tokens=recipe.chunk_tokens, document_id=item.id, path=item.path)
        return Processed(
            id=item.id, title=parsed.title or title_of(item.path), pages=len(parsed.pages) or None, chunks=tuple(chunks),
            traits=enrich(parsed, path=item.path, rarity=self._rarity), signature=signature_of(parsed.text),
        )  # fmt: skip

    async def _parsed(self, item: Item) -> ParsedDocument:
        name = parsed_name(item.digest, item.path, version=PARSER)
        kept = None if item.anew else await self._objects.get(name)
        if kept is not None:
            return msgspec.json.decode(kept, type=ParsedDocument)
        data = await self._objects.get(raw_name(item.digest))
        if data is None:
            raise Unreadable("The file's bytes are not in the object store; send it again.")
        parsed = await self._parser.parse(data, name=item.path)
        await self._objects.put(name, msgspec.json.encode(parsed))
        return parsed

    async def _embedded(self, read: Sequence[Processed], recipe: Recipe, team: str) -> Sequence[Processed]:
        """With vectors, if there is an embedder and it answers; whoever asked waits for one that does not."""
        embedder = self._embedder_of(recipe.embedding_model)
        if embedder is None:
            return read
        texts = [one.contextual_text for each in read for one in each.chunks]
        before = embedder.spent if isinstance(embedder, Metered) else Spent()
        try:
            vectors = iter(await embed_all(embedder, texts, team=team))
        except ProviderError:
            return read
        spent = embedder.spent - before if isinstance(embedder, Metered) else Spent()
        done = [
            msgspec.structs.replace(each, vectors=pack(next(vectors) for _ in each.chunks)) if each.chunks else each
            for each in read
        ]
        return [msgspec.structs.replace(done[0], spent=spent), *done[1:]] if done else done


async def embed_all(embedder: Embedder, texts: Sequence[str], *, team: str) -> list[Sequence[float]]:
    """Vectors in the order of the texts, some batches at once. Raises ProviderError."""
    places = asyncio.Semaphore(EMBED_AT_ONCE)

    async def embed(batch: Sequence[str]) -> Sequence[Sequence[float]]:
        async with places:
            return await embedder.embed(batch, team=team)

    found = await asyncio.gather(*(embed(texts[n : n + EMBED_TEXTS]) for n in range(0, len(texts), EMBED_TEXTS)))
    return [vector for vectors in found for vector in vectors]


def pack(vectors: Iterator[Sequence[float]]) -> bytes:
    """As `Processed.vectors`."""
    return b"".join(array("f", vector).tobytes() for vector in vectors)


def unpack(each: Processed) -> list[Sequence[float]] | None:
    """A vector for each chunk; None where there are none yet."""
    if each.vectors is None:
        return None if each.chunks else []
    flat = array("f", each.vectors)
    width = len(flat) // max(len(each.chunks), 1)
    return [flat[n * width : (n + 1) * width] for n in range(len(each.chunks))]
