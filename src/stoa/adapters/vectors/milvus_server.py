"""A Milvus server: the calls that the index makes of it, its errors said plainly, and whole tables read by pages.

Importing this module takes two seconds: whoever needs it imports it late. Every read is `Strong`, which means that it sees
what was written before it: a right taken away is gone from the next question on.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from grpc import RpcError
from pymilvus import CollectionSchema, MilvusClient, MilvusException
from pymilvus.milvus_client.index import IndexParams

from stoa.adapters.vectors.milvus_rows import literal
from stoa.errors import OperatorError

logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it logs every failed call with its traceback; we say what failed

CONNECT_S, READ_S, WRITE_S = 3.0, 15.0, 300.0
"""The longest that one call may take; a command reads more patiently than a question."""

REST_S = 2.0
"""A server that could not be reached is left alone this long: meanwhile whoever asks hears so at once."""

_PAGE = 4_000
"""Rows of a table read at once."""

_AWAY, _ABSENT, _NOT_LOADED, _ABSENT_ALIAS = 2, 100, 101, 1600
"""How a server that cannot be reached, a table that is not there or not loaded, and an alias that is not there are numbered."""

_GRPC = {"grpc.use_local_subchannel_pool": 1, "grpc.initial_reconnect_backoff_ms": 200, "grpc.max_reconnect_backoff_ms": 2000}
"""So that a new connection does not wait as long as an old one has come to wait."""

Values = dict[str, Any]  # Any: the values of many columns


class Milvus:
    """One server, connected to when it is first called. A table may be named by its alias everywhere."""

    def __init__(self, url: str, token: str | None, *, read_s: float = READ_S) -> None:
        self._url, self._token, self._read_s = url, token, read_s
        self._client: MilvusClient | None = None
        self._connecting = asyncio.Lock()
        self._refused_at = -REST_S

    @property
    def place(self) -> str:
        """Where it is, without who we are there."""
        found = urlsplit(self._url)
        return f"{found.hostname}:{found.port}" if found.port else f"{found.hostname}"

    async def is_lite(self) -> bool:
        """Whether it is Milvus Lite, for one process on one machine."""
        return "lite" in await self._do(lambda client: client.get_server_version(timeout=self._read_s))

    async def tables(self) -> Sequence[str]:
        return await self._do(lambda client: client.list_collections(timeout=self._read_s))

    async def has(self, name: str) -> bool:
        return bool(await self._do(lambda client: client.has_collection(name, timeout=self._read_s)))

    async def create(self, name: str, schema: CollectionSchema, indices: IndexParams) -> None:
        """Make a table, unless it is there, and have it ready for searches. What a crash left half made is made whole."""

        def make(client: MilvusClient) -> None:
            client.create_collection(name, schema=schema, consistency_level="Strong", timeout=WRITE_S)

        def ready(client: MilvusClient) -> None:
            known = set(client.list_indexes(name))
            missing = IndexParams()
            missing.extend(index for index in indices if index.index_name not in known and index.field_name not in known)
            if missing:
                client.create_index(name, missing, timeout=WRITE_S, sync=False)  # there is nothing in it to wait for
            client.load_collection(name, timeout=WRITE_S)

        if not await self.has(name):
            try:
                await self._do(make)
            except MilvusError:
                if not await self.has(name):  # else somebody made it just now
                    raise
        await self._do(ready)

    async def point(self, alias: str, name: str) -> None:
        """Let the alias mean this table from now on."""
        try:
            await self._do(lambda client: client.alter_alias(name, alias, timeout=WRITE_S))
        except MilvusError:
            await self._do(lambda client: client.create_alias(name, alias, timeout=WRITE_S))

    async def pointed(self, alias: str) -> str | None:
        """The table that the alias means."""
        try:
            found = await self._do(lambda client: client.describe_alias(alias, timeout=self._read_s))
        except MilvusError:
            if await self.has(alias):
                raise
            return None
        return str(found["collection_name"])

    async def drop_alias(self, alias: str) -> None:
        await self._do(lambda client: client.drop_alias(alias, timeout=WRITE_S))

    async def drop(self, name: str) -> None:
        await self._do(lambda client: client.drop_collection(name, timeout=WRITE_S))

    async def flush(self, name: str) -> None:
        await self._do(lambda client: client.flush(name, timeout=WRITE_S))

    async def upsert(self, name: str, rows: Sequence[Values], *, partial: bool = False) -> None:
        """Write rows, those of one call together; `partial` ones change the fields they have."""
        if rows:
            await self._do(lambda client: client.upsert(name, list(rows), partial_update=partial, timeout=WRITE_S))

    async def delete(self, name: str, condition: str) -> None:
        await self._do(lambda client: client.delete(name, filter=condition, timeout=WRITE_S))

    async def query(self, name: str, condition: str, fields: Sequence[str]) -> Sequence[Values]:
        return await self._loaded(
            name,
            lambda client: client.query(
                name, filter=condition, output_fields=list(fields), consistency_level="Strong", timeout=self._read_s
            ),
        )

    async def search(
        self,
        name: str,
        field: str,
        asked: Sequence[float] | str,
        *,
        condition: str,
        limit: int,
        fields: Sequence[str],
        **how: int,
    ) -> Sequence[Values]:
        """The best rows by one of the table's vectors: their fields, and `distance`."""
        question: Any = asked if isinstance(asked, str) else list(asked)  # Any: the library's own argument
        found = await self._loaded(
            name,
            lambda client: client.search(
                name, data=[question], anns_field=field, filter=condition, limit=limit, output_fields=list(fields),
                search_params={"params": how}, consistency_level="Strong", timeout=self._read_s,
            )
        )  # fmt: skip
        return [{**hit["entity"], "id": hit["id"], "distance": hit["distance"]} for hit in found[0]]

    async def pages(self, name: str, key: str, fields: Sequence[str]) -> AsyncGenerator[Sequence[Values]]:
        """All rows by their key, some at a time."""
        condition = ""
        while True:
            here = condition
            page: Sequence[Values] = await self._loaded(
                name,
                lambda client, here=here: client.query(
                    name, filter=here, output_fields=list(fields), limit=_PAGE, iterator="True",
                    consistency_level="Strong", timeout=WRITE_S,
                )
            )  # fmt: skip
            if page:
                yield page
                condition = f"{key} > {literal(page[-1][key])}"
            if len(page) < _PAGE:
                return

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)

    async def _loaded(self, name: str, call: Callable[[Any], Any]) -> Any:  # Any: as in `_do`
        """Make a call that reads a table: Milvus Lite forgets at its start which it had loaded, and people may release one."""
        try:
            return await self._do(call)
        except MilvusError as error:
            if error.number != _NOT_LOADED:
                raise
            await self._do(lambda client: client.load_collection(name, timeout=WRITE_S))
            return await self._do(call)

    async def _do(self, call: Callable[[Any], Any]) -> Any:  # Any: the library hardly says what it gives
        """Make a call in a thread: the library's own asyncio client needs what Milvus Lite has not."""
        client = await self._connected()
        try:
            return await asyncio.to_thread(call, client)
        except MilvusException as error:
            if error.code == _AWAY:
                await self.close()  # the library's own reconnecting does not survive a server that stays away for a while
            raise MilvusError(f"Milvus at {self.place} said: {error.message}", number=error.code) from error
        except RpcError as error:
            await self.close()
            raise MilvusError(f"Milvus at {self.place} did not answer: {error}", number=_AWAY) from error

    async def _connected(self) -> MilvusClient:
        async with self._connecting:
            if self._client is None:
                away = OperatorError(
                    f"Milvus at {self.place} cannot be reached. Is it running, and are vectors.url and vectors.token right?"
                )
                if time.monotonic() - self._refused_at < REST_S:
                    raise away
                try:
                    self._client = await asyncio.to_thread(
                        MilvusClient,
                        self._url,
                        token=self._token or "",
                        timeout=CONNECT_S,
                        dedicated=True,
                        grpc_options=_GRPC,
                    )
                except (MilvusException, RpcError) as error:
                    self._refused_at = time.monotonic()
                    raise away from error
            return self._client


class MilvusError(OperatorError):
    """What the server refused, with its number for that."""

    def __init__(self, message: str, *, number: int) -> None:
        super().__init__(message, code="milvus_error")
        self.number = number

    @property
    def absent(self) -> bool:
        """Whether it was for want of the table."""
        return self.number in (_ABSENT, _ABSENT_ALIAS) or "not found" in self.message.lower()
