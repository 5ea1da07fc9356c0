"""The graph in memory, walked over dicts. For tests, and for reading what the ports mean."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import log1p

import msgspec

from stoa.domain.graph import ABOUT_FROM, ABOUT_TO, BACK, BESIDE, COMMON, HUB, RARE, STEPS, DocumentFacts, Link
from stoa.domain.identity import AccessTag, Rights

_Way = tuple[str, str, float, float]
"""A name and a passage, what it weighs to leave the passage by the name, and to arrive at the passage by it."""


class MemoryGraph:
    """PassageGraph, GraphWalk and GraphLinks over a dict by collection and document."""

    def __init__(self) -> None:
        self._documents: dict[str, dict[str, DocumentFacts]] = {}

    async def replace(self, collection: str, documents: Sequence[str], facts: Sequence[DocumentFacts]) -> None:
        known = self._documents.setdefault(collection, {})
        for document in documents:
            known.pop(document, None)
        known.update({document.id: document for document in facts})

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        known = self._documents.get(collection, {})
        for document in rights.keys() & known.keys():
            known[document] = msgspec.structs.replace(known[document], rights=rights[document])

    async def tend(self, collection: str) -> None:
        """Nothing to do: there is one dict."""

    async def drop(self, collection: str) -> None:
        self._documents.pop(collection, None)

    async def walk(
        self, collection: str, seeds: Mapping[str, float], *, acl: frozenset[AccessTag], limit: int
    ) -> Mapping[str, float]:
        readable = [document for document in self._documents.get(collection, {}).values() if document.rights.open_to(acl)]
        here = {passage.id for document in readable for passage in document.passages}
        restart = {seed: weight for seed, weight in seeds.items() if seed in here}
        common = _common(self._documents.get(collection, {}).values())
        came = _spread(restart, [*_by_name(readable, restart, common), *_by_place(readable, restart)])
        best = sorted(((passage, share) for passage, share in came.items() if share > 0), key=lambda pair: (-pair[1], pair[0]))
        return dict(best[:limit])

    async def links(self, collection: str, passage: str, *, acl: frozenset[AccessTag], limit: int) -> Sequence[Link]:
        every = self._documents.get(collection, {}).values()
        readable = {one.id: one for document in every if document.rights.open_to(acl) for one in document.passages}
        common, found = _common(every), list[Link]()
        if passage not in readable:
            return []
        for name in sorted(readable[passage].about | readable[passage].mentions):
            about = sorted(p.id for p in readable.values() if p.id != passage and name in p.about)
            mentioned = sorted(p.id for p in readable.values() if p.id != passage and name in p.mentions - p.about)
            others = about if name in common or len(about) + len(mentioned) >= HUB else about + mentioned
            if others:
                is_about = name in readable[passage].about
                found.append(Link(name=name, about=is_about, passages=tuple(others[:limit]), more=len(others) > limit))
        return found


def _common(documents: Iterable[DocumentFacts]) -> set[str]:
    """Names that everybody has for a hub."""
    every = Counter(
        name for document in documents for passage in document.passages for name in passage.about | passage.mentions
    )
    return {name for name, count in every.items() if count > COMMON}


def _by_name(documents: Sequence[DocumentFacts], seeds: Mapping[str, float], common: AbstractSet[str]) -> Iterator[_Way]:
    about, mentioned = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for passage in (passage for document in documents for passage in document.passages):
        for name in passage.about:
            about[name].append(passage.id)
        for name in passage.mentions - passage.about:
            mentioned[name].append(passage.id)
    for name in about.keys() | mentioned.keys():
        degree = HUB + 1 if name in common else len(about[name]) + len(mentioned[name])
        hub = degree > HUB
        if seeds.keys().isdisjoint([*about[name], *mentioned[name]]) or degree == 1:
            continue
        if hub and not 0 < len(about[name]) <= HUB:
            continue
        weight = log1p(RARE / min(degree, HUB + 1))
        yield from ((name, passage, ABOUT_FROM * weight, ABOUT_TO) for passage in about[name])
        yield from ((name, p, weight, 0.0 if hub else 1.0) for p in mentioned[name] if not hub or p in seeds)


def _by_place(documents: Sequence[DocumentFacts], seeds: Mapping[str, float]) -> Iterator[_Way]:
    for passages in ([passage.id for passage in document.passages] for document in documents):
        for at, passage in enumerate(passages):
            around = passages[max(at - 1, 0) : at + 2]
            if passage in seeds and len(around) > 1:
                yield from ((f"beside {passage}", other, BESIDE, 1.0) for other in around)


def _spread(restart: Mapping[str, float], ways: Sequence[_Way]) -> Mapping[str, float]:
    leaving, arriving = defaultdict[str, float](float), defaultdict[str, float](float)
    for name, passage, leave, arrive in ways:
        leaving[passage] += leave
        arriving[name] += arrive
    here: Mapping[str, float] = restart
    came = defaultdict[str, float](float)
    for _ in range(STEPS):
        across, came = defaultdict[str, float](float), defaultdict[str, float](float)
        for name, passage, leave, _arrive in ways:
            across[name] += here.get(passage, 0.0) * leave / leaving[passage]
        for name, passage, _leave, arrive in ways:
            came[passage] += (1 - BACK) * across[name] * arrive / arriving[name]
        here = {passage: BACK * restart.get(passage, 0.0) + came[passage] for passage in restart.keys() | came.keys()}
    return came
