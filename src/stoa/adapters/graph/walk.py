"""One walk over segments: the names of the seeds, the passages of those names, and a PageRank between the two.

What is read is bounded: of a passage no more names than `knowledge.names` keeps, and of a name no more passages than show that
it is a hub. What the caller may not read is dropped before anything is counted.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from stoa.adapters.graph.arrays import Array, Keys, spans
from stoa.adapters.graph.view import Open, Parts
from stoa.domain.graph import ABOUT_FROM, ABOUT_TO, BACK, BESIDE, COMMON, HUB, RARE, STEPS

_FIRST = 2 * HUB
"""Passages of a name that are read at first; all only of one whose first passages are hidden from the caller."""


class Edges(NamedTuple):
    """Between names and passages, one entry each: places among the names, passages in the row of all segments, 1 for about."""

    name: Array
    passage: Array
    about: Array


class _Ways(NamedTuple):
    """What a walk follows: from passages to names by `leave`, from names to passages by `arrive`."""

    name: Array
    passage: Array
    leave: Array
    arrive: Array


_Table = TypeVar("_Table", Edges, _Ways)


def walk(parts: Parts, seeds: Mapping[str, float], *, to: Open, limit: int) -> dict[str, float]:
    """As `domain.graph.GraphWalk.walk`."""
    start, weights = start_at(parts, seeds, to)
    if not len(start):
        return {}
    names, own = facts_at(parts, start)
    edges, common = edges_of(parts, names, to)
    along = _beside(parts, start)
    ways = _joined([_ways(edges, own, common), along._replace(name=along.name + len(names))])
    rows, at = np.unique(np.concatenate([start, ways.passage]), return_inverse=True)
    restart = np.bincount(at[: len(start)], weights, minlength=len(rows))
    came = _spread(restart, ways._replace(passage=at[len(start) :]))
    best = np.flatnonzero(came > 0)
    if len(best) > limit:
        best = best[np.argpartition(-came[best], limit)[:limit]]
    found = zip(ids_of(parts, rows[best]), came[best].tolist(), strict=True)
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def start_at(parts: Parts, seeds: Mapping[str, float], to: Open) -> tuple[Array, Array]:
    """The seeds that are here and may be read, each with its weight."""
    ids, all_weights = list(seeds), np.fromiter(seeds.values(), dtype=np.float64, count=len(seeds))
    rows, weights = list[Array](), list[Array]()
    for part, segment in enumerate(parts.segments):
        which, places = segment.find(ids)
        readable = parts.readable(part, places, to)
        rows.append(places[readable].astype(np.int64) + parts.starts[part])
        weights.append(all_weights[which[readable]])
    return (np.concatenate(rows), np.concatenate(weights)) if rows else (np.zeros(0, np.int64), np.zeros(0))


def facts_at(parts: Parts, start: Array) -> tuple[Keys, Edges]:
    """The names of these passages, sorted, and where each stands."""
    keys, passages, about = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for part, segment in enumerate(parts.segments):
        rows = start[_within(parts, part, start)]
        facts = segment.facts.take(rows - parts.starts[part])
        keys.append(segment.name[facts.flat >> 1])
        passages.append(np.repeat(rows, facts.counts))
        about.append(facts.flat & 1)
    names, name = np.unique(np.concatenate(keys), return_inverse=True)
    return names, Edges(name, np.concatenate(passages), np.concatenate(about))


def edges_of(parts: Parts, names: Keys, to: Open) -> tuple[Edges, Array]:
    """The passages of the names, or enough to know a hub and what is about it; and which names are common."""
    begins, counts = _lists(parts, names)
    total = counts.sum(axis=0)
    counts[:, total == 1] = 0  # one that only its own passage has leads nowhere
    taken = np.minimum(counts, _FIRST)
    first = _joined([_read(parts, part, begins[part], taken[part], to) for part in range(len(begins))])
    seen = np.bincount(first.name, minlength=len(names))
    common = total > COMMON
    read = [first]
    for part in np.flatnonzero((counts > taken).any(axis=1)).tolist():
        rest = np.where(common, 0, counts[part] - taken[part])
        long = np.flatnonzero((rest > 0) & (seen > HUB))
        ends_within_about = parts.segments[part].found.flat[begins[part, long] + taken[part, long]] & 1
        rest[long[ends_within_about == 0]] = 0  # a hub, and all that is about it was read
        read.append(_read(parts, part, begins[part] + taken[part], rest, to))
    return _joined(read), common


def _lists(parts: Parts, names: Keys) -> tuple[Array, Array]:
    """Where each segment's list of each name begins, and how long it is."""
    begins, counts = np.zeros((2, len(parts.segments), len(names)), np.int64)
    for part, segment in enumerate(parts.segments):
        if len(segment.name):
            at = np.minimum(np.searchsorted(segment.name, names), len(segment.name) - 1)
            first = segment.found.first
            begins[part] = first[at]
            counts[part] = np.where(segment.name[at] == names, first[at + 1] - first[at], 0)
    return begins, counts


def _read(parts: Parts, part: int, begins: Array, counts: Array, to: Open) -> Edges:
    """Of each name's list in a segment as many entries as counted, without those that the caller may not read."""
    flat = parts.segments[part].found.flat[spans(begins, counts)]
    passages = flat >> 1
    readable = parts.readable(part, passages, to)
    name = np.repeat(np.arange(len(counts)), counts)[readable]
    return Edges(name, passages[readable].astype(np.int64) + parts.starts[part], (flat & 1)[readable])


def _ways(edges: Edges, own: Edges, common: Array) -> _Ways:
    """Names that lead somewhere: of a hub only to what is about it, and from the seeds alone."""
    degree = np.bincount(edges.name, minlength=len(common))
    about = np.bincount(edges.name, edges.about, minlength=len(common))
    degree[common] = HUB + 1
    hub = degree > HUB
    leads = np.where(hub, (about > 0) & (about <= HUB), degree > 1)
    kept = leads[edges.name] & ~(hub[edges.name] & (edges.about == 0))
    added = leads[own.name] & hub[own.name] & (own.about == 0)
    name = np.concatenate([edges.name[kept], own.name[added]])
    is_about = np.concatenate([edges.about[kept], own.about[added]]) > 0
    weight = np.log1p(RARE / np.clip(degree, 1, HUB + 1))[name]
    return _Ways(
        name,
        np.concatenate([edges.passage[kept], own.passage[added]]),
        weight * np.where(is_about, ABOUT_FROM, 1.0),
        np.where(is_about, ABOUT_TO, np.where(hub[name], 0.0, 1.0)),
    )


def _beside(parts: Parts, start: Array) -> _Ways:
    """Each seed as a name of its own that the passages before and after it in its document share."""
    name, passage = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for part, segment in enumerate(parts.segments):
        seeds = _within(parts, part, start)
        places = start[seeds] - parts.starts[part]
        owner = segment.owner[places]
        before, after = places > segment.passages[owner], places + 1 < segment.passages[owner + 1]
        for some, way in ((before, -1), (after, 1), (before | after, 0)):
            name.append(seeds[some])
            passage.append(start[seeds[some]] + way)
    names = np.concatenate(name)
    return _Ways(names, np.concatenate(passage), np.full(len(names), BESIDE), np.ones(len(names)))


def _joined(parts: Sequence[_Table]) -> _Table:
    return type(parts[0])(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _spread(restart: Array, ways: _Ways) -> Array:
    """What came to each passage from names after STEPS of a walk."""
    rows, names = len(restart), int(ways.name.max(initial=-1)) + 1
    leave = ways.leave / np.bincount(ways.passage, ways.leave, minlength=rows)[ways.passage]
    arrive = (1 - BACK) * ways.arrive / np.bincount(ways.name, ways.arrive, minlength=names)[ways.name]
    here = restart
    for _ in range(STEPS):
        across = np.bincount(ways.name, here[ways.passage] * leave, minlength=names)
        came = np.bincount(ways.passage, across[ways.name] * arrive, minlength=rows)
        here = BACK * restart + came
    return here - BACK * restart


def ids_of(parts: Parts, rows: Array) -> list[str]:
    ids = [""] * len(rows)
    for part, segment in enumerate(parts.segments):
        which = _within(parts, part, rows)
        for at, text in zip(which.tolist(), segment.passage_ids.at(rows[which] - parts.starts[part]), strict=True):
            ids[at] = text
    return ids


def _within(parts: Parts, part: int, rows: Array) -> Array:
    """Which of the passages lie in a segment."""
    return np.flatnonzero((rows >= parts.starts[part]) & (rows < parts.starts[part + 1]))
