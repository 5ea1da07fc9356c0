"""Sketches of documents in the database: kept with the outcome of reading, and looked up by their bands."""

import struct
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.resemblance_tables import document_bands, document_sketches
from stoa.adapters.database.tables import documents
from stoa.domain.documents import Resembling
from stoa.domain.traits import Sketch

_AT_ONCE = 500
"""Bands in one statement."""

_MOST = 20
"""Candidates for one document: of a form that was filled in a thousand times the oldest are enough."""


async def keep(connection: AsyncConnection, sketches: Mapping[str, Sketch]) -> None:
    """Put each document's sketch in the place of the one that it had; an empty one takes it away."""
    ids = list(sketches)
    for at in range(0, len(ids), _AT_ONCE):
        some = ids[at : at + _AT_ONCE]
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
    shared: dict[str, set[str]] = {}
    wanted = list(askers)
    for at in range(0, len(wanted), _AT_ONCE):
        rows = await connection.execute(
            select(document_bands.c.band, document_bands.c.document_id)
            .join(documents, documents.c.id == document_bands.c.document_id)
            .where(
                document_bands.c.band.in_(wanted[at : at + _AT_ONCE]),
                documents.c.collection == collection, documents.c.state != "removed",
            )
        )  # fmt: skip
        for band, other in rows:
            for document_id in askers[band]:
                if other < document_id:  # ids sort by time
                    shared.setdefault(document_id, set()).add(other)
    nearest = {document_id: sorted(others)[:_MOST] for document_id, others in shared.items()}
    known = await _sketches(connection, sorted({other for others in nearest.values() for other in others}))
    return {one: [Resembling(other, known[other]) for other in others if other in known] for one, others in nearest.items()}


async def _sketches(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Sketch]:
    found: dict[str, Sketch] = {}
    for at in range(0, len(ids), _AT_ONCE):
        query = select(document_sketches).where(document_sketches.c.document_id.in_(ids[at : at + _AT_ONCE]))
        for document_id, signature in await connection.execute(query):
            found[document_id] = Sketch(struct.unpack(f"<{len(signature) // 4}I", signature), ())
    return found
