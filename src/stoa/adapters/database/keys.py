"""Keys in the database."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, RowMapping, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import keys
from stoa.adapters.database.upsert import upsert
from stoa.domain.keys import Key
from stoa.errors import Conflict


class KeyTable:
    """KeyStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def by_digest(self, digest: str) -> Key | None:
        return next(iter(await self._read(keys.c.digest == digest)), None)

    async def find(self, name_or_id: str) -> Key | None:
        in_use = (keys.c.name == name_or_id) & keys.c.revoked_at.is_(None)
        return next(iter(await self._read(or_(keys.c.id == name_or_id, in_use))), None)

    async def page(self, *, after: str | None, limit: int | None) -> Sequence[Key]:
        return await self._read(keys.c.id > (after or ""), limit=limit)

    async def save(self, key: Key) -> None:
        row = {
            "id": key.id,
            "name": key.name,
            "kind": key.kind,
            "digest": key.digest,
            "hint": key.hint,
            "team": key.team,
            "role": key.role,
            "groups": list(key.groups),
            "requests_per_minute": key.requests_per_minute,
            "tokens_per_minute": key.tokens_per_minute,
            "parallel": key.parallel,
            "budget": key.budget,
            "budget_period": key.budget_period,
            "project": key.project,
            "created_by": key.created_by,
            "created_at": key.created_at_ms,
            "expires_at": key.expires_at_ms,
            "revoked_at": key.revoked_at_ms,
        }
        try:
            await upsert(self._connection, keys, row)
        except IntegrityError as error:
            raise Conflict(
                f"There is a key {key.name!r} in use already. Choose another name, or revoke that one first.", param="name"
            ) from error

    async def _read(self, which: ColumnElement[bool], *, limit: int | None = None) -> list[Key]:
        rows = await self._connection.execute(select(keys).where(which).order_by(keys.c.id).limit(limit))
        return [_key(row) for row in rows.mappings()]


def _key(row: RowMapping) -> Key:
    return Key(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        digest=row["digest"],
        hint=row["hint"],
        team=row["team"],
        role=row["role"],
        groups=tuple(row["groups"]),
        requests_per_minute=row["requests_per_minute"],
        tokens_per_minute=row["tokens_per_minute"],
        parallel=row["parallel"],
        budget=row["budget"],
        budget_period=row["budget_period"],
        project=row["project"],
        created_by=row["created_by"],
        created_at_ms=row["created_at"],
        expires_at_ms=row["expires_at"],
        revoked_at_ms=row["revoked_at"],
    )
