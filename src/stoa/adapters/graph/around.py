"""The graph around one passage, to be looked at."""

import numpy as np

from stoa.adapters.graph.view import Open, Parts
from stoa.adapters.graph.walk import edges_of, facts_at, ids_of, start_at
from stoa.domain.graph import HUB, Link


def links(parts: Parts, passage: str, *, to: Open, limit: int) -> list[Link]:
    """As `domain.graph.GraphLinks.links`."""
    start, _ = start_at(parts, {passage: 1.0}, to)
    if not len(start):
        return []
    keys, own = facts_at(parts, start)
    edges, common = edges_of(parts, keys, to)
    found: list[Link] = []
    for name, key in enumerate(keys):
        mine = (edges.name == name) & (edges.passage != start[0])
        rows, about = edges.passage[mine], edges.about[mine]
        if common[name] or len(rows) >= HUB:
            rows, about = rows[about > 0], about[about > 0]
        if not len(rows):
            continue
        ids = ids_of(parts, rows)
        ordered = [one for _, one in sorted(zip((1 - about).tolist(), ids, strict=True))]
        is_about = bool(np.any((own.name == name) & (own.about > 0)))
        found.append(Link(name=_text(parts, key), about=is_about, passages=tuple(ordered[:limit]), more=len(ordered) > limit))
    return sorted(found, key=lambda link: link.name)


def _text(parts: Parts, key: np.uint64) -> str:
    """A name, from a segment that has it."""
    for segment in parts.segments:
        at = int(np.searchsorted(segment.name, key))
        if at < len(segment.name) and segment.name[at] == key:
            return segment.names.at(np.array([at]))[0]
    return ""
