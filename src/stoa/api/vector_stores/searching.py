"""Searching vector stores: for `/v1/vector_stores/{id}/search`, and for files that a model is given."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from stoa.adapters.database.vector_stores import VectorStoreTable
from stoa.api.access import Caller
from stoa.api.filtering import condition
from stoa.api.search import Found, searched
from stoa.api.vector_stores.finding import FoundStore, attributes_of
from stoa.api.vector_stores.forms import RankingOptions, ResultView, StoreQuestion, TextView
from stoa.domain.filters import AttributeValue, SearchFilter
from stoa.domain.passages import SearchMode
from stoa.domain.vector_stores import file_of
from stoa.gateway.augment import together
from stoa.knowledge.decompose import decompose
from stoa.wiring import Control, now_ms


@dataclass(frozen=True, slots=True)
class Result:
    """A passage, the file that it is of, and what was said of that."""

    found: Found
    attributes: dict[str, AttributeValue]

    @property
    def file(self) -> tuple[str, str]:
        """Id and name."""
        document = self.found.document
        return file_of(document.id, document.source, document.path)


async def ask(
    parts: Control, caller: Caller, stores: Sequence[FoundStore], asked: StoreQuestion
) -> tuple[list[str], list[Result]]:
    """The queries that were searched by, and what was found, best first. Raises InvalidRequest for a store that is over."""
    now = now_ms()
    for store in stores:
        store.require_present(now)
    queries = [asked.query] if isinstance(asked.query, str) else list(asked.query)
    if asked.rewrite_query:
        queries = list(dict.fromkeys(part for query in queries for part in (query, *decompose(query))))
    wanted = SearchFilter(attributes=None if asked.filters is None else condition(asked.filters))
    options = asked.ranking_options or RankingOptions()
    collections = [store.collection for store in stores]
    answers = await asyncio.gather(
        *(
            searched(parts, caller, collections, query, limit=asked.max_num_results, mode=_mode(options), wanted=wanted)
            for query in queries
        )
    )
    by_id = {each.passage.id: each for found, _, _ in answers for each in found}
    ranked = together([[each.passage for each in found] for found, _, _ in answers], asked.max_num_results)
    kept = [by_id[each.id] for each in ranked if each.score >= options.score_threshold]
    async with parts.database.write() as connection:
        await VectorStoreTable(connection).touch([each.name for each in collections], now_ms=now)
    async with parts.database.read() as connection:
        said = await attributes_of(connection, *(each.document for each in kept))
    return queries, [Result(each, said[each.document.id]) for each in kept]


def shown(result: Result) -> ResultView:
    file_id, name = result.file
    return ResultView(
        file_id=file_id, filename=name, score=min(1.0, max(0.0, result.found.passage.score)), attributes=result.attributes,
        content=[TextView(text=result.found.passage.text)],
    )  # fmt: skip


def _mode(options: RankingOptions) -> SearchMode:
    weights = options.hybrid_search
    if weights is None or (weights.embedding_weight and weights.text_weight):
        return "hybrid"
    return "dense" if weights.embedding_weight else "lexical"
