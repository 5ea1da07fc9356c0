"""Teams and groups in the database."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import groups, teams
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
        return [Group(name=row.name, created_at_ms=row.created_at) for row in rows]

    async def save(self, group: Group) -> None:
        await upsert(self._connection, groups, {"name": group.name, "created_at": group.created_at_ms})
