"""Users in the database, with their groups and roles."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import user_groups, user_roles, users
from stoa.adapters.database.upsert import upsert
from stoa.domain.users import User
from stoa.errors import Conflict


class UserTable:
    """UserStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, name: str) -> User | None:
        return next(iter(await self._read(users.c.name == name)), None)

    async def get(self, user_id: str) -> User | None:
        return next(iter(await self._read(users.c.id == user_id)), None)

    async def page(self, *, after: str | None, limit: int | None) -> Sequence[User]:
        return await self._read(users.c.name > (after or ""), limit=limit)

    async def save(self, user: User) -> None:
        row = {
            "id": user.id,
            "name": user.name,
            "display_name": user.display_name,
            "team": user.team,
            "created_at": user.created_at_ms,
            "disabled_at": user.disabled_at_ms,
        }
        try:
            await upsert(self._connection, users, row)
        except IntegrityError as error:
            raise Conflict(f"There is a user {user.name!r} already.", param="name") from error
        await self._replace(user_groups, "group_name", user.id, user.groups)
        await self._replace(user_roles, "role", user.id, user.roles)

    async def _replace(self, table: Any, column: str, user_id: str, values: Sequence[str]) -> None:  # Any: one of two tables
        await self._connection.execute(delete(table).where(table.c.user_id == user_id))
        if values:
            await self._connection.execute(insert(table), [{"user_id": user_id, column: value} for value in values])

    async def _read(self, which: ColumnElement[bool], *, limit: int | None = None) -> list[User]:
        rows = (await self._connection.execute(select(users).where(which).order_by(users.c.name).limit(limit))).mappings().all()
        ids = [row["id"] for row in rows]
        groups = await self._lists(user_groups.c.user_id, user_groups.c.group_name, ids)
        roles = await self._lists(user_roles.c.user_id, user_roles.c.role, ids)
        return [_user(row, groups.get(row["id"], ()), roles.get(row["id"], ())) for row in rows]

    async def _lists(self, user_id: Any, value: Any, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:  # Any: columns
        found: dict[str, tuple[str, ...]] = {}
        query = select(user_id, value).where(user_id.in_(ids)).order_by(value)
        for owner, item in await self._connection.execute(query):
            found[owner] = (*found.get(owner, ()), item)
        return found


def _user(row: RowMapping, groups: tuple[str, ...], roles: tuple[Any, ...]) -> User:  # Any: text of the database
    return User(
        id=row["id"],
        name=row["name"],
        display_name=row["display_name"],
        team=row["team"],
        groups=groups,
        roles=roles,
        created_at_ms=row["created_at"],
        disabled_at_ms=row["disabled_at"],
    )
