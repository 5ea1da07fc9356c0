"""Evaluation sets in the database."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, Select, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import evaluation_sets, judgements
from stoa.adapters.database.upsert import upsert
from stoa.domain.evaluation import EvaluationSet, Judgement

_ORDER = (judgements.c.query, judgements.c.path, judgements.c.start, judgements.c.id)
_AT_ONCE = 200


class EvaluationTables:
    """EvaluationStore over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self, collections: Sequence[str]) -> Sequence[EvaluationSet]:
        rows = await self._connection.execute(
            _counted().where(evaluation_sets.c.collection.in_(collections)).order_by(evaluation_sets.c.name)
        )
        return [_set(row) for row in rows.mappings()]

    async def find(self, name: str) -> EvaluationSet | None:
        row = (await self._connection.execute(_counted().where(evaluation_sets.c.name == name))).mappings().one_or_none()
        return None if row is None else _set(row)

    async def add(self, new: EvaluationSet) -> bool:
        taken = await self._connection.scalar(select(evaluation_sets.c.name).where(evaluation_sets.c.name == new.name))
        if taken is not None:
            return False
        row = {column.name: getattr(new, column.name) for column in evaluation_sets.columns}
        await self._connection.execute(insert(evaluation_sets).values(row))
        return True

    async def remove(self, name: str) -> None:
        await self._connection.execute(delete(judgements).where(judgements.c.evaluation_set == name))
        await self._connection.execute(delete(evaluation_sets).where(evaluation_sets.c.name == name))

    async def judge(self, name: str, judgements: Sequence[Judgement]) -> None:
        for each in judgements:
            await upsert(self._connection, _judgements, {"evaluation_set": name, "id": each.id, **msgspec.structs.asdict(each)})

    async def take_back(self, name: str, judgement: Judgement) -> bool:
        gone = await self._connection.execute(
            delete(judgements).where(judgements.c.evaluation_set == name, judgements.c.id == judgement.id)
        )
        return gone.rowcount == 1

    async def queries(self, name: str, *, after: str | None = None, limit: int | None = None) -> Sequence[str]:
        found = select(judgements.c.query).where(judgements.c.evaluation_set == name).distinct().order_by(judgements.c.query)
        if after is not None:
            found = found.where(judgements.c.query > after)
        return list(await self._connection.scalars(found.limit(limit)))

    async def judgements(self, name: str, queries: Sequence[str]) -> Sequence[Judgement]:
        found: list[Judgement] = []
        for start in range(0, len(queries), _AT_ONCE):
            some = queries[start : start + _AT_ONCE]
            of_it = (judgements.c.evaluation_set == name, judgements.c.query.in_(some))
            rows = (await self._connection.execute(select(judgements).where(*of_it).order_by(*_ORDER))).mappings()
            found += [Judgement(**{field: row[field] for field in Judgement.__struct_fields__}) for row in rows]
        return found


_judgements = judgements
"""Under a name that no method has."""


def _counted() -> Select[Any]:  # Any: the columns of a set and two counts
    of_it = judgements.c.evaluation_set == evaluation_sets.c.name
    return select(
        evaluation_sets,
        select(func.count(func.distinct(judgements.c.query))).where(of_it).scalar_subquery().label("queries"),
        select(func.count()).select_from(judgements).where(of_it).scalar_subquery().label("judgements"),
    )


def _set(row: RowMapping) -> EvaluationSet:
    return EvaluationSet(**row)
