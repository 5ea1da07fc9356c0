"""What gateways must know of indexes, over one connection."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import indexes
from stoa.domain.indexes import Served, index_name, version_named


async def served(connection: AsyncConnection) -> Mapping[str, Served]:
    """By collection the index that is searched, and by collection and version every one that could be."""
    found: dict[str, Served] = {}
    columns = (indexes.c.collection, indexes.c.version, indexes.c.state, indexes.c.embedding_model)
    for collection, version, state, model in await connection.execute(select(*columns).where(indexes.c.state != "dropped")):
        found[version_named(collection, version)] = one = Served(index_name(collection, version), model)
        if state == "serving":
            found[collection] = one
    return found
