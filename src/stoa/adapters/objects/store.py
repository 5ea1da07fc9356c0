"""Objects through obstore: the same calls for a folder, a bucket and memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from obstore.store import ObjectStore


_PIECE_BYTES = 1 << 20


class ObjectFolder:
    """Objects by name, whole or in pieces. Putting is atomic: a reader finds the whole object or none."""

    def __init__(self, store: "ObjectStore", folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    @classmethod
    def local(cls, folder: Path) -> Self:
        """In a folder of this machine, which is made if need be."""
        from obstore.store import LocalStore

        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(LocalStore(folder), folder)

    @classmethod
    def memory(cls) -> Self:
        """In this process alone: the fake."""
        from obstore.store import MemoryStore

        return cls(MemoryStore())

    async def put(self, name: str, data: bytes) -> None:
        await self._store.put_async(name, data)

    async def get(self, name: str) -> bytes | None:
        try:
            found = await self._store.get_async(name)
        except FileNotFoundError:
            return None
        return bytes(await found.bytes_async())

    async def delete(self, name: str) -> None:
        try:
            await self._store.delete_async(name)
        except FileNotFoundError:
            await asyncio.to_thread(self._clear, name)

    async def names(self, prefix: str) -> Sequence[str]:
        """Those in this folder and those below it, sorted."""
        pages = self._store.list(prefix)
        return sorted([str(one["path"]) async for page in pages for one in page])

    async def write(self, name: str, pieces: AsyncIterable[bytes]) -> int:
        """Store all pieces; if they break off, nothing of them stays."""
        size = 0

        async def counted() -> AsyncGenerator[bytes]:
            nonlocal size
            async for piece in pieces:
                size += len(piece)
                yield piece

        await self._store.put_async(name, counted(), chunk_size=_PIECE_BYTES * 5, max_concurrency=2)
        return size

    async def read(self, name: str) -> AsyncGenerator[bytes] | None:
        """The pieces of an object, None when there is none."""
        try:
            found = await self._store.get_async(name)
        except FileNotFoundError:
            return None

        async def pieces() -> AsyncGenerator[bytes]:
            async for piece in found.stream(min_chunk_size=_PIECE_BYTES):
                yield bytes(piece)

        return pieces()

    def _clear(self, name: str) -> None:
        """A process that died while it wrote leaves its pieces beside the name, as `name#1`."""
        if self._folder is not None:
            place = self._folder / name
            for left in place.parent.glob(f"{place.name}#*"):
                left.unlink(missing_ok=True)
