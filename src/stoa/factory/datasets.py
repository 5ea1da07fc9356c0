"""Changing and reading datasets: each change is a version, and what an example says is sealed with a key of whose it is."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from stoa.domain.contents import ContentStore, SubjectKey
from stoa.domain.datasets import (
    MOST_ITEMS,
    Body,
    ChangeKind,
    Dataset,
    DatasetStore,
    Item,
    ItemQuery,
    ItemSeal,
    Message,
    Origin,
    State,
    Version,
)
from stoa.errors import Conflict, InvalidRequest, NotFound
from stoa.factory.examples import checked_size, holds
from stoa.kit.id_source import IdSource
from stoa.kit.ids import new_id

_SLICE = 500
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Body).decode

Open = Callable[[], AbstractAsyncContextManager[DatasetStore]]


class Kept(NamedTuple):
    """The key of a content that an example is a copy of, and when the content's time is over."""

    key_id: str
    key: str
    expires_at: int


class New(NamedTuple):
    """An example to be added. Without `kept` it is the dataset's own, and stays."""

    body: Body
    origin: Origin
    kept: Kept | None = None


class Read(NamedTuple):
    """`body` is None where nobody can read it any more."""

    item: Item
    state: State
    body: Body | None


@dataclass(frozen=True, slots=True)
class Writing:
    """One transaction that changes a dataset, and who does it when."""

    store: DatasetStore
    contents: ContentStore
    seal: ItemSeal
    by: str
    now_ms: int

    async def add(self, dataset: Dataset, found: Sequence[New], *, change: ChangeKind = "added") -> Sequence[str]:
        """Put examples in, in one version. Returns their ids. Raises InvalidRequest when they become too many."""
        locked = await self._locked(dataset)
        if locked.items + len(found) > MOST_ITEMS:
            raise InvalidRequest(
                f"A dataset holds {MOST_ITEMS:,} examples; {dataset.name!r} has {locked.items:,}, and {len(found):,} more are "
                "too many; make another one.",
                code="dataset_full",
            )
        own = await self._own_key(dataset) if any(each.kept is None for each in found) else None
        ids, added = IdSource(), list[str]()
        for start in range(0, len(found), _SLICE):
            slice_of = [(f"ex_{ids.new()}", each) for each in found[start : start + _SLICE]]
            # In a thread: of a large file this takes seconds, for which others would wait.
            items = await asyncio.to_thread(self._items, slice_of, version=locked.version + 1, own=own)
            await self.store.insert(locked, items)
            added += (name for name, _ in slice_of)
        await self._record(locked, change, changed=len(added), items=locked.items + len(added))
        return added

    async def change(
        self,
        dataset: Dataset,
        item_id: str,
        *,
        expected: Message | msgspec.UnsetType | None = msgspec.UNSET,
        notes: str | msgspec.UnsetType = msgspec.UNSET,
        since: int | None = None,
    ) -> Read:
        """Say another expected answer, or other notes. `since` is the version of the example that was read.

        Raises NotFound, and Conflict where somebody has changed it since or it cannot be read any more.
        """
        locked = await self._locked(dataset)
        there = await self.store.item(locked.id, item_id, version=locked.version)
        if there is None:
            raise NotFound(f"There is no example {item_id!r} in {dataset.name!r}.", param="id")
        if since is not None and there.since != since:
            raise Conflict(f"The example {item_id!r} was changed in version {there.since}; read it again.", param="since")
        read = read_item(there, self.seal, now_ms=self.now_ms)
        if read.body is None or there.key is None:
            raise Conflict(f"The example {item_id!r} is {read.state}: nobody can read it any more.", code=read.state)
        body = msgspec.structs.replace(
            read.body,
            expected=read.body.expected if isinstance(expected, msgspec.UnsetType) else expected,
            notes=read.body.notes if isinstance(notes, msgspec.UnsetType) else notes,
        )
        if body == read.body:
            return read
        sealed = self.seal.seal_item(there.key, item_id, _encode(checked_size(body)))
        changed = msgspec.structs.replace(
            there, since=locked.version + 1, has_expected=body.expected is not None, sealed=sealed, by=self.by, at=self.now_ms
        )
        await self.store.end(locked.id, [item_id], version=changed.since)
        await self.store.insert(locked, [changed])
        await self._record(locked, "changed", changed=1, items=locked.items)
        return Read(changed, "readable", body)

    async def remove(self, dataset: Dataset, item_ids: Sequence[str], *, erase: bool) -> int:
        """Take examples out. With `erase` nobody reads them in earlier versions either. Returns how many were there."""
        locked = await self._locked(dataset)
        gone = await self.store.end(locked.id, item_ids, version=locked.version + 1)
        if erase:
            await self.store.blank(locked.id, item_ids)
        if gone:
            await self._record(locked, "removed", changed=gone, items=locked.items - gone)
        return gone

    async def delete(self, dataset: Dataset) -> None:
        """With every version of it, and the key of its own examples."""
        await self.store.remove(dataset.id)
        await self.contents.erase(_subject(dataset))

    async def _locked(self, dataset: Dataset) -> Dataset:
        found = await self.store.locked(dataset.id)
        if found is None:
            raise NotFound(f"There is no dataset {dataset.name!r} any more.", param="name")
        return found

    async def _own_key(self, dataset: Dataset) -> SubjectKey:
        subject = _subject(dataset)
        new = {subject: SubjectKey(new_id("ck"), self.seal.new_key())}
        return (await self.contents.keys_of([subject], new, now_ms=self.now_ms))[subject]

    def _items(self, found: Sequence[tuple[str, New]], *, version: int, own: SubjectKey | None) -> list[Item]:
        return [self._item(name, version, each, own) for name, each in found]

    def _item(self, item_id: str, version: int, new: New, own: SubjectKey | None) -> Item:
        body, origin, kept = new
        if kept is not None:
            key_id, key = kept.key_id, kept.key
        else:
            assert own is not None  # there is one as soon as one example needs it
            key_id, key = own.id, own.sealed
        return Item(
            id=item_id, since=version, until=None, origin=origin, key_id=key_id,
            expires_at=kept.expires_at if kept is not None else None, has_expected=body.expected is not None, by=self.by,
            at=self.now_ms, sealed=self.seal.seal_item(key, item_id, _encode(body)), key=key,
        )  # fmt: skip

    async def _record(self, locked: Dataset, change: ChangeKind, *, changed: int, items: int) -> None:
        made = Version(version=locked.version + 1, change=change, changed=changed, items=items, by=self.by, at=self.now_ms)
        await self.store.record(locked.id, made)


def read_item(item: Item, seal: ItemSeal, *, now_ms: int) -> Read:
    """What an example says, as far as that can be read."""
    if item.expires_at is not None and item.expires_at <= now_ms:
        return Read(item, "expired", None)
    if item.sealed is None or item.key is None:
        return Read(item, "erased", None)
    return Read(item, "readable", _decode(seal.open_item(item.key, item.id, item.sealed)))


async def read_items(
    read: Open, dataset: Dataset, query: ItemQuery, *, seal: ItemSeal, text: str | None, now_ms: int, slice_of: int = _SLICE
) -> AsyncGenerator[Read]:
    """The examples of a version in their order, with `text` those that say it. A transaction for each slice."""
    while True:
        async with read() as store:
            found = await store.items(dataset.id, query, limit=slice_of)
        for each in await asyncio.to_thread(_read_those, found, seal, text, now_ms):
            yield each
        if len(found) < slice_of:
            return
        query = query._replace(after=found[-1].id)


def _read_those(found: Sequence[Item], seal: ItemSeal, text: str | None, now_ms: int) -> list[Read]:
    every = (read_item(item, seal, now_ms=now_ms) for item in found)
    return [each for each in every if text is None or (each.body is not None and holds(each.body, text))]


def _subject(dataset: Dataset) -> str:
    return f"dataset:{dataset.id}"
