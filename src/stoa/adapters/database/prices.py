"""Prices that were set, and what each version of all prices was."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import RowMapping, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.tables import price_versions, prices
from stoa.domain.prices import ModelPrice, SetPrice
from stoa.domain.resources import Price
from stoa.errors import Conflict


class PriceTable:
    """PriceStore in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self, *, model: str | None = None) -> Sequence[SetPrice]:
        query = select(prices).order_by(prices.c.model, prices.c.starts_at)
        found = await self._connection.execute(query if model is None else query.where(prices.c.model == model))
        return [_price(row) for row in found.mappings()]

    async def find(self, price_id: str) -> SetPrice | None:
        row = (await self._connection.execute(select(prices).where(prices.c.id == price_id))).mappings().first()
        return _price(row) if row is not None else None

    async def add(self, price: SetPrice) -> None:
        row = {
            "id": price.id,
            "model": price.model,
            "starts_at": price.starts_at_ms,
            "spec": msgspec.to_builtins(price.price),
            "created_by": price.created_by,
            "created_at": price.created_at_ms,
        }
        try:
            await self._connection.execute(insert(prices).values(**row))
        except IntegrityError as error:
            raise Conflict(
                f"The model {price.model!r} has a price from that very moment on already. Remove it first, or choose another.",
                param="starts_at",
            ) from error

    async def remove(self, price_id: str) -> None:
        await self._connection.execute(delete(prices).where(prices.c.id == price_id))

    async def keep_version(self, version: str, prices: Mapping[str, ModelPrice], *, now_ms: int) -> None:
        known = await self._connection.scalar(select(price_versions.c.version).where(price_versions.c.version == version))
        if known is None:  # nor does it matter when another control keeps it at this very moment
            row = {"version": version, "made_at": now_ms, "prices": msgspec.to_builtins(prices)}
            make = sqlite.insert if self._connection.dialect.name == "sqlite" else postgresql.insert
            await self._connection.execute(make(price_versions).values(**row).on_conflict_do_nothing())

    async def version(self, version: str) -> Mapping[str, ModelPrice] | None:
        kept = await self._connection.scalar(select(price_versions.c.prices).where(price_versions.c.version == version))
        return None if kept is None else msgspec.convert(kept, dict[str, ModelPrice])


def _price(row: RowMapping) -> SetPrice:
    return SetPrice(
        id=row["id"],
        model=row["model"],
        starts_at_ms=row["starts_at"],
        price=msgspec.convert(row["spec"], Price | None),
        created_by=row["created_by"],
        created_at_ms=row["created_at"],
    )
