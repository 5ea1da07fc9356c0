"""Objects through obstore: the same calls for a folder, a bucket and memory."""

from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from obstore.store import ObjectStore


class ObjectFolder:
    """Objects by name. A put is atomic: a reader finds the whole object or none."""

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    @classmethod
    def local(cls, folder: Path) -> Self:
        """In a folder of this machine, which is made if need be."""
        from obstore.store import LocalStore

        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(LocalStore(folder))

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
            return
