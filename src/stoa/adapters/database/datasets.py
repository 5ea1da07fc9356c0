"""Datasets in the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import content_keys, dataset_items, dataset_versions, datasets
from stoa.domain.datasets import Dataset, Item, ItemQuery, Origin, Version

_AT_ONCE = 500
_c = dataset_items.c


class DatasetTables:
    """DatasetStore over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self, *, after: str | None = None) -> Sequence[Dataset]:
        found = select(datasets).where(datasets.c.name > (after or "")).order_by(datasets.c.name)
        return [Dataset(**row) for row in (await self._connection.execute(found)).mappings()]

    async def find(self, name: str) -> Dataset | None:
        row = (await self._connection.execute(select(datasets).where(datasets.c.name == name))).mappings().one_or_none()
        return None if row is None else Dataset(**row)

    async def add(self, new: Dataset) -> bool:
        if await self.find(new.name) is not None:
            return False
        row = {column.name: getattr(new, column.name) for column in datasets.columns}
        await self._connection.execute(insert(datasets).values(row))
        return True

    async def describe(self, dataset_id: str, description: str) -> None:
        await self._connection.execute(update(datasets).where(datasets.c.id == dataset_id).values(description=description))

    async def remove(self, dataset_id: str) -> None:
        for table in (dataset_items, dataset_versions):
            await self._connection.execute(delete(table).where(table.c.dataset_id == dataset_id))
        await self._connection.execute(delete(datasets).where(datasets.c.id == dataset_id))

    async def locked(self, dataset_id: str) -> Dataset | None:
        found = select(datasets).where(datasets.c.id == dataset_id).with_for_update()
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else Dataset(**row)

    async def record(self, dataset_id: str, version: Version) -> None:
        row = {column.name: getattr(version, column.name) for column in dataset_versions.columns if column.name != "dataset_id"}
        await self._connection.execute(insert(dataset_versions).values({"dataset_id": dataset_id, **row}))
        current = {"version": version.version, "items": version.items, "changed_at": version.at}
        await self._connection.execute(update(datasets).where(datasets.c.id == dataset_id).values(current))

    async def versions(self, dataset_id: str, *, before: int | None, limit: int) -> Sequence[Version]:
        c = dataset_versions.c
        found = select(dataset_versions).where(c.dataset_id == dataset_id).order_by(c.version.desc()).limit(limit)
        if before is not None:
            found = found.where(c.version < before)
        rows = (await self._connection.execute(found)).mappings()
        return [Version(**{field: row[field] for field in Version.__struct_fields__}) for row in rows]

    async def insert(self, dataset: Dataset, items: Sequence[Item]) -> None:
        for start in range(0, len(items), _AT_ONCE):
            rows = [_row(dataset, each) for each in items[start : start + _AT_ONCE]]
            await self._connection.execute(insert(dataset_items), rows)

    async def end(self, dataset_id: str, item_ids: Sequence[str], *, version: int) -> int:
        ended = 0
        for start in range(0, len(item_ids), _AT_ONCE):
            there = (_c.dataset_id == dataset_id, _c.id.in_(item_ids[start : start + _AT_ONCE]), _c.until.is_(None))
            ended += (await self._connection.execute(update(dataset_items).where(*there).values(until=version))).rowcount
        return ended

    async def blank(self, dataset_id: str, item_ids: Sequence[str]) -> None:
        of_it = (_c.dataset_id == dataset_id, _c.id.in_(item_ids))
        await self._connection.execute(update(dataset_items).where(*of_it).values(sealed=None))

    async def items(self, dataset_id: str, query: ItemQuery, *, limit: int) -> Sequence[Item]:
        return await self._found(dataset_id, _asked(query), query.version, limit=limit)

    async def item(self, dataset_id: str, item_id: str, *, version: int) -> Item | None:
        return next(iter(await self._found(dataset_id, [_c.id == item_id], version, limit=1)), None)

    async def requests(self, dataset_id: str, wanted: Sequence[str], *, version: int) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            of_it = (_c.dataset_id == dataset_id, _c.request.in_(wanted[start : start + _AT_ONCE]), *_in(version))
            found |= {row.request: row.id for row in await self._connection.execute(select(_c.request, _c.id).where(*of_it))}
        return found

    async def copies(self, subject: str) -> int:
        keys = select(content_keys.c.id).where(content_keys.c.subject == subject)
        found = select(func.count(func.distinct(_c.id))).where(_c.key_id.in_(keys), _c.sealed.is_not(None))
        return await self._connection.scalar(found) or 0

    async def _found(self, dataset_id: str, wanted: list[ColumnElement[bool]], version: int, *, limit: int) -> list[Item]:
        found = (
            select(dataset_items, content_keys.c.sealed.label("key"))
            .select_from(dataset_items.outerjoin(content_keys, content_keys.c.id == _c.key_id))
            .where(_c.dataset_id == dataset_id, *_in(version), *wanted)
            .order_by(_c.id)
            .limit(limit)
        )
        return [_item(row) for row in (await self._connection.execute(found)).mappings()]


def _in(version: int) -> tuple[ColumnElement[bool], ...]:
    """That an example's state is the one in this version."""
    return _c.since <= version, or_(_c.until.is_(None), _c.until > version)


def _asked(query: ItemQuery) -> list[ColumnElement[bool]]:
    wanted = [_c.id > query.after] if query.after is not None else []
    if query.request is not None:
        wanted.append(_c.request == query.request)
    if query.model is not None:
        wanted.append(_c.model == query.model)
    if query.expected is not None:
        wanted.append(_c.has_expected.is_(query.expected))
    return wanted


def _row(dataset: Dataset, item: Item) -> dict[str, Any]:  # Any: the columns of a row
    origin = {field: getattr(item.origin, field) for field in Origin.__struct_fields__}
    own = {field: getattr(item, field) for field in Item.__struct_fields__ if field not in ("origin", "key")}
    return {"dataset_id": dataset.id, "team": dataset.team, **origin, **own}


def _item(row: RowMapping) -> Item:
    origin = Origin(**{field: row[field] for field in Origin.__struct_fields__})
    return Item(origin=origin, **{field: row[field] for field in Item.__struct_fields__ if field != "origin"})
