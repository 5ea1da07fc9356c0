"""Two indexes of a collection compared: the same questions asked of both, and what people have judged held against each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from stoa.domain.evaluation import Judgement
from stoa.domain.identity import AccessTag
from stoa.domain.indexes import Comparison, Index, Scored, version_named
from stoa.domain.passages import Passage, PassageFinder
from stoa.domain.resources import Collection
from stoa.knowledge.judging import Judged, judge, scores

LIMIT = 10
MOST_QUESTIONS = 200
"""Asked of both, two searches each."""

_AT_ONCE = 2
_SAME = 0.5
"""Two passages are the same when so much of the shorter of them lies in the other."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked: `judged` by query, of one evaluation set, else `others`. `acl` are the rights to search with."""

    acl: frozenset[AccessTag]
    evaluation_set: str | None
    judged: Mapping[str, Sequence[Judgement]]
    others: Sequence[str]


@dataclass(frozen=True)
class Comparing:
    """`questions_of` finds what to ask of a collection; `digests_of` those of documents by id."""

    finder: PassageFinder
    questions_of: Callable[[str], Awaitable[Questions]]
    digests_of: Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]
    now_ms: Callable[[], int]

    async def compare(self, collection: Collection, new: Index, old: Index) -> Comparison:
        """Raises ProviderError when no gateway searches."""
        asked = await self.questions_of(collection.name)
        queries = list(asked.judged or asked.others)[:MOST_QUESTIONS]
        places = asyncio.Semaphore(_AT_ONCE)

        async def found(query: str, index: Index) -> Sequence[Passage]:
            name = version_named(collection.name, index.version)
            async with places:
                ranking = await self.finder.search(query, collections=[name], acl=asked.acl, limit=LIMIT, team=collection.team)
                return ranking.passages

        both = await asyncio.gather(*(asyncio.gather(found(query, old), found(query, new)) for query in queries))
        digests = await self.digests_of(sorted({p.document_id for pair in both for some in pair for p in some}))
        judged = [
            [judge(query, asked.judged[query], pair[n], digests) for query, pair in zip(queries, both, strict=True)]
            if asked.judged
            else list[Judged]()
            for n in (0, 1)
        ]
        before, after = (scores(each, limit=LIMIT) for each in judged)
        return Comparison(
            at=self.now_ms(), over=old.version, questions=len(queries),
            overlap=_mean([overlap(one, other) for one, other in both]),
            evaluation_set=asked.evaluation_set if asked.judged else None, judged=before.queries,
            before=Scored(recall=(before.recall or {}).get(LIMIT), mrr=before.mrr) if asked.judged else None,
            after=Scored(recall=(after.recall or {}).get(LIMIT), mrr=after.mrr) if asked.judged else None,
        )  # fmt: skip


def overlap(one: Sequence[Passage], other: Sequence[Passage]) -> float:
    """The share of the longer list that lies in the other too, however the documents were cut; 1 where both are empty."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    if not longer:
        return 1.0
    return sum(any(_is_same(each, its) for its in shorter) for each in longer) / len(longer)


def _is_same(one: Passage, other: Passage) -> bool:
    if one.document_id != other.document_id:
        return False
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared >= _SAME * max(1, min(one.end - one.start, other.end - other.start))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
