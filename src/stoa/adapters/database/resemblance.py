"""Sketches of documents in the database: kept with the outcome of reading, and looked up by their bands."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.resemblance_tables import document_bands, document_sketches
from stoa.adapters.database.tables import documents
from stoa.domain.documents import Resembling
from stoa.domain.traits import Sketch

_T = TypeVar("_T")

_AT_ONCE = 500
"""Bands or ids in one statement."""

_MOST = 20
"""Candidates for one document: of a form that was filled in a thousand times the oldest are enough."""


async def keep(connection: AsyncConnection, sketches: Mapping[str, Sketch]) -> None:
    """Put each document's sketch in the place of the one that it had; an empty one takes it away."""
    for some in _parts(list(sketches)):
        for table in (document_bands, document_sketches):
            await connection.execute(delete(table).where(table.c.document_id.in_(some)))
        kept = {one: sketches[one] for one in some if sketches[one].bands}
        if kept:
            signatures = [
                {"document_id": one, "signature": struct.pack(f"<{len(each.values)}I", *each.values)}
                for one, each in kept.items()
            ]
            await connection.execute(insert(document_sketches), signatures)
            bands = [{"band": band, "document_id": one} for one, each in kept.items() for band in sorted(set(each.bands))]
            await connection.execute(insert(document_bands), bands)


async def resembling(
    connection: AsyncConnection, collection: str, sketches: Mapping[str, Sketch]
) -> Mapping[str, Sequence[Resembling]]:
    """Older documents of the collection that share a band with each of these, oldest first."""
    askers: dict[int, list[str]] = {}
    for document_id, sketch in sketches.items():
        for band in sketch.bands:
            askers.setdefault(band, []).append(document_id)
    found: list[tuple[int, str]] = []
    for some in _parts(list(askers)):
        query = select(document_bands.c.band, document_bands.c.document_id).where(document_bands.c.band.in_(some))
        found += [(band, other) for band, other in await connection.execute(query)]
    # Asked for in the same query, the documents may be where a planner begins: all of the collection's, each time.
    living: set[str] = set()
    for some in _parts(sorted({other for _, other in found})):
        query = select(documents.c.id, documents.c.collection, documents.c.state).where(documents.c.id.in_(some))
        rows = await connection.execute(query)
        living |= {other for other, its_collection, state in rows if its_collection == collection and state != "removed"}
    shared: dict[str, set[str]] = {}
    for band, other in found:
        for document_id in askers[band]:
            if other in living and other < document_id:  # ids sort by time
                shared.setdefault(document_id, set()).add(other)
    nearest = {document_id: sorted(others)[:_MOST] for document_id, others in shared.items()}
    known = await _sketches(connection, sorted({other for others in nearest.values() for other in others}))
    return {one: [Resembling(other, known[other]) for other in others if other in known] for one, others in nearest.items()}


async def _sketches(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Sketch]:
    found: dict[str, Sketch] = {}
    for some in _parts(ids):
        query = select(document_sketches).where(document_sketches.c.document_id.in_(some))
        for document_id, signature in await connection.execute(query):
            found[document_id] = Sketch(struct.unpack(f"<{len(signature) // 4}I", signature), ())
    return found


def _parts(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (items[at : at + _AT_ONCE] for at in range(0, len(items), _AT_ONCE))
