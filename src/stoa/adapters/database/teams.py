"""Teams and groups in the database."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import group_groups, groups, teams
from stoa.adapters.database.upsert import upsert
from stoa.domain.teams import Group, Team


class TeamTable:
    """TeamStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self) -> Sequence[Team]:
        rows = await self._connection.execute(select(teams).order_by(teams.c.name))
        return [
            Team(
                name=row.name,
                monthly_budget=row.monthly_budget,
                content_days=row.content_days,
                created_at_ms=row.created_at,
            )
            for row in rows
        ]

    async def save(self, team: Team) -> None:
        row = {
            "name": team.name,
            "monthly_budget": team.monthly_budget,
            "content_days": team.content_days,
            "created_at": team.created_at_ms,
        }
        await upsert(self._connection, teams, row)


class GroupTable:
    """GroupStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self) -> Sequence[Group]:
        rows = await self._connection.execute(select(groups).order_by(groups.c.name))
        inner = await self._inner()
        return [Group(name=row.name, groups=inner.get(row.name, ()), created_at_ms=row.created_at) for row in rows]

    async def nested(self) -> Sequence[Group]:
        inner = await self._inner()
        if not inner:
            return []
        rows = await self._connection.execute(select(groups).where(groups.c.name.in_(select(group_groups.c.group_name))))
        return [Group(name=row.name, groups=inner[row.name], created_at_ms=row.created_at) for row in rows]

    async def save(self, group: Group) -> None:
        await upsert(self._connection, groups, {"name": group.name, "created_at": group.created_at_ms})
        await self._connection.execute(delete(group_groups).where(group_groups.c.group_name == group.name))
        if group.groups:
            rows = [{"group_name": group.name, "member_name": inner} for inner in group.groups]
            await self._connection.execute(insert(group_groups), rows)

    async def _inner(self) -> dict[str, tuple[str, ...]]:
        """The groups within each that holds any."""
        found: dict[str, tuple[str, ...]] = {}
        for holder, inner in await self._connection.execute(select(group_groups).order_by(group_groups.c.member_name)):
            found[holder] = (*found.get(holder, ()), inner)
        return found
