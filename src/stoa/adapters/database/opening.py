"""How features get their stores: a call that opens one transaction and hands over the stores in it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

_S = TypeVar("_S")


def opener(
    transaction: Callable[[], AbstractAsyncContextManager[AsyncConnection]], over: Callable[[AsyncConnection], _S]
) -> Callable[[], AbstractAsyncContextManager[_S]]:
    """`transaction` is `Database.read` or `Database.write`; `over` makes the stores of a connection."""

    @asynccontextmanager
    async def opened() -> AsyncGenerator[_S]:
        async with transaction() as connection:
            yield over(connection)

    return opened
