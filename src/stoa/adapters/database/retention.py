"""Taking out of the ledger what is older than it is to be kept: a slice at a time, so that nobody waits long for the writer."""

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import cited, consulted, contents, dataset_items, traces, usage
from stoa.domain.retention import Kept
from stoa.kit.ids import least_id


class RetentionTable:
    """RetentionStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def remove(self, what: Kept, *, before_ms: int, most: int) -> int:
        match what:
            case "usage":
                of, old = usage, select(usage.c.id).where(usage.c.at < before_ms).order_by(usage.c.at)
            case "traces":
                of, old = traces, select(traces.c.id).where(traces.c.id < least_id(before_ms)).order_by(traces.c.id)
            case "contents":
                old = select(contents.c.id).where(contents.c.expires_at < before_ms).order_by(contents.c.expires_at)
                of = contents
            case "examples":
                return await self._blank(before_ms, most)
        if what == "usage":  # what they were made from goes with them
            for table in (consulted, cited):
                await self._connection.execute(delete(table).where(table.c.id.in_(old.limit(most))))
        removed = await self._connection.execute(delete(of).where(of.c.id.in_(old.limit(most))))
        return removed.rowcount

    async def _blank(self, before_ms: int, most: int) -> int:
        """An example stays in its dataset, so that a version can be told to have had it; what it said goes."""
        c = dataset_items.c
        name = tuple_(c.dataset_id, c.id, c.since)
        old = select(c.dataset_id, c.id, c.since).where(c.expires_at < before_ms, c.sealed.is_not(None))
        gone = update(dataset_items).where(name.in_(old.order_by(c.expires_at).limit(most))).values(sealed=None)
        return (await self._connection.execute(gone)).rowcount
