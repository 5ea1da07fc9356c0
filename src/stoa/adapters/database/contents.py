"""Contents in the database, and the keys that they are sealed with."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import content_keys, contents, dataset_items
from stoa.domain.contents import Content, Stored, SubjectKey

_DAY_MS = 86_400_000


class ContentTable:
    """ContentStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keys_of(self, subjects: Sequence[str], new: Mapping[str, SubjectKey], *, now_ms: int) -> Mapping[str, SubjectKey]:
        wanted = sorted(set(subjects))
        there = await self._keys(wanted)
        missing = [
            {"id": new[subject].id, "subject": subject, "sealed": new[subject].sealed, "created_at": now_ms}
            for subject in wanted
            if subject not in there
        ]
        if not missing:
            return there
        await self._connection.execute(self._insert(content_keys).on_conflict_do_nothing(index_elements=["subject"]), missing)
        return await self._keys(wanted)  # another replica may have been faster

    async def insert(self, found: Sequence[tuple[Content, str, bytes]]) -> None:
        rows = [
            {
                "id": content.id,
                "at": content.at_ms,
                "team": content.team,
                "key_id": key_id,
                "expires_at": content.at_ms + content.days * _DAY_MS,
                "sealed": sealed,
            }
            for content, key_id, sealed in sorted(found, key=lambda each: each[0].id)
        ]
        if rows:
            await self._connection.execute(self._insert(contents).on_conflict_do_nothing(index_elements=["id"]), rows)

    async def find(self, fact_id: str, *, now_ms: int) -> Stored | None:
        found = (
            select(contents.c.id, contents.c.expires_at, contents.c.sealed, content_keys.c.sealed, contents.c.key_id)
            .select_from(contents.outerjoin(content_keys, content_keys.c.id == contents.c.key_id))
            .where(contents.c.id == fact_id, contents.c.expires_at > now_ms)
        )
        row = (await self._connection.execute(found)).one_or_none()
        return None if row is None else Stored(*row)

    async def found(self, fact_ids: Sequence[str], *, now_ms: int) -> Mapping[str, Stored]:
        found = (
            select(contents.c.id, contents.c.expires_at, contents.c.sealed, content_keys.c.sealed, contents.c.key_id)
            .select_from(contents.outerjoin(content_keys, content_keys.c.id == contents.c.key_id))
            .where(contents.c.id.in_(fact_ids), contents.c.expires_at > now_ms)
        )
        return {row[0]: Stored(*row) for row in await self._connection.execute(found)}

    async def shorten(self, team: str, days: int | None, *, now_ms: int) -> None:
        ends = now_ms if days is None else contents.c.at + days * _DAY_MS
        await self._connection.execute(
            update(contents).where(contents.c.team == team, contents.c.expires_at > ends).values(expires_at=ends)
        )
        ends = now_ms if days is None else dataset_items.c.asked_at + days * _DAY_MS
        copied = (dataset_items.c.team == team, dataset_items.c.expires_at > ends)
        await self._connection.execute(update(dataset_items).where(*copied).values(expires_at=ends))

    async def erase(self, subject: str) -> int:
        return (await self._connection.execute(delete(content_keys).where(content_keys.c.subject == subject))).rowcount

    async def _keys(self, subjects: Sequence[str]) -> dict[str, SubjectKey]:
        found = select(content_keys.c.subject, content_keys.c.id, content_keys.c.sealed)
        rows = await self._connection.execute(found.where(content_keys.c.subject.in_(subjects)))
        return {row.subject: SubjectKey(row.id, row.sealed) for row in rows}

    @property
    def _insert(self) -> type[sqlite.Insert] | type[postgresql.Insert]:
        return sqlite.Insert if self._connection.dialect.name == "sqlite" else postgresql.Insert
