"""Small tables of LanceDB in memory, as they are at one version: passages, vectors and words, with who may read each document.

What is held answers for exactly the version that it was read at, of exactly the table that it was read from: before every
search the store is asked for both, or the table's folder whether anything changed since. So a change of rights holds at once,
and a search that finds another version goes to the store.
"""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from lancedb.table import AsyncTable

from stoa.adapters.vectors.held_words import BYTES, HeldWords
from stoa.adapters.vectors.lance_folder import NOT_SEEN, Look, TableFolders
from stoa.adapters.vectors.rows import PASSAGE, passage
from stoa.domain.identity import AccessTag, Rights, denying, opening
from stoa.domain.passages import Among
from stoa.domain.vectors import Hit

HELD_BYTES = 48_000_000
"""All tables together: 14,000 chunks of the built-in embedder. Measured with 1,920 chunks: comparing with all takes 0.2 ms of
one core where the search within the store takes 4."""

SETTLED = timedelta(seconds=1)
"""A version is read after it has been there for so long: while documents come in, every one of them makes another."""

MARK_HOLDS_S = 0.05
"""A query makes three searches, and asks once what table it is."""

LARGE_HOLDS_S = 60.0
"""A table that is too large is not asked for its version, nor counted again, for so long."""

_MARK, _MARKED = "stoa.table", "id"
_COLUMNS = ["id", "document_id", "acl", "deny", "contextual_text", "vector", *PASSAGE]
_OVERHEAD = 250
"""Bytes of a row beside its vector, its words and its passage, about."""

_PASSAGE_BYTES = 1_300
"""Of a passage of some 240 tokens, about."""
_CALLERS = 64
"""Sets of access tags for which it is kept what they open."""

_Mask = npt.NDArray[np.bool_]
_Addresses = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]


def marked(schema: pa.Schema) -> pa.Schema:
    """With a mark of its own, by which a table is told from a later one of the same name."""
    at = schema.get_field_index(_MARKED)
    return schema.set(at, schema.field(at).with_metadata({_MARK: secrets.token_hex(8)}))


async def mark(table: AsyncTable) -> None:
    """Give one that an earlier version made a mark, if it has none."""
    if not await _mark(table):
        await table.update_field_metadata({"path": _MARKED, "metadata": {_MARK: secrets.token_hex(8)}})


@dataclass(frozen=True)
class Held:
    """The rows of one version by address: passages, vectors (n, width), words, the place of each one's rights and document.

    Searches give rows as their places here, each once.
    """

    addresses: _Addresses
    stored: Sequence[bytes]
    personal: Sequence[bool]
    vectors: npt.NDArray[np.float32]
    words: HeldWords
    places: Mapping[str, int]
    rights: Sequence[Rights]
    rights_of: npt.NDArray[np.int32]
    documents: Sequence[str]
    document_of: npt.NDArray[np.int32]
    _open: OrderedDict[frozenset[AccessTag], _Mask] = field(default_factory=lambda: OrderedDict())

    def nearest(self, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int, among: Among | None = None) -> Rows:
        """The nearest rows that are open to the caller, in any order."""
        rows = np.flatnonzero(self._open_among(acl, among))
        if len(rows) > limit:
            # Not BLAS, whose threads cost more than they bring for so little, and much more on a busy machine.
            cosines = np.einsum("ij,j->i", self.vectors, np.asarray(vector, dtype=np.float32))[rows]
            rows = rows[np.argpartition(-cosines, limit)[:limit]]
        return rows

    def worded(
        self, question: str, *, acl: frozenset[AccessTag], limit: int, among: Among | None = None
    ) -> tuple[Rows, list[float]]:
        """The rows that are best by BM25 of those open to the caller, best first, and their scores."""
        rows, scores = self.words.scores(question)
        shown = self._open_among(acl, among)[rows]
        rows, scores = rows[shown], scores[shown]
        best = np.argsort(-scores, kind="stable")[:limit]
        return rows[best], scores[best].tolist()

    def of_ids(self, ids: Sequence[str], *, acl: frozenset[AccessTag]) -> Rows:
        """Those of these rows that are there and open to the caller."""
        places = np.array([self.places[each] for each in dict.fromkeys(ids) if each in self.places], dtype=np.int64)
        return places[self._open_to(acl)[places]]

    def hits(self, collection: str, rows: Rows, vector: Sequence[float], scores: Sequence[float] | None = None) -> list[Hit]:
        """These rows as hits of the collection, in their order."""
        cosines = (self.vectors[rows] @ np.asarray(vector, dtype=np.float32)).tolist()
        found = zip(rows.tolist(), cosines, scores or repeat(None), strict=False)
        return [Hit(passage(collection, self.stored[n], self.personal[n]), cosine, score) for n, cosine, score in found]

    @cached_property
    def size(self) -> int:
        """Bytes in memory, about."""
        return self.vectors.nbytes + self.words.nbytes + sum(map(len, self.stored)) + _OVERHEAD * len(self.addresses)

    def _open_among(self, acl: frozenset[AccessTag], among: Among | None) -> _Mask:
        allowed = self._open_to(acl)
        if among is None:
            return allowed
        return allowed & np.fromiter(map(among.holds, self.documents), np.bool_, len(self.documents))[self.document_of]

    def _open_to(self, acl: frozenset[AccessTag]) -> _Mask:
        """Which rows, as `Rights.open_to` says."""
        if (known := self._open.get(acl)) is not None:
            self._open.move_to_end(acl)
            return known
        opens, denies = opening(acl), denying(acl)
        some = [not each.allow.isdisjoint(opens) and each.deny.isdisjoint(denies) for each in self.rights]
        mask = np.array(some, dtype=np.bool_)[self.rights_of]
        self._open[acl] = mask
        while len(self._open) > _CALLERS:
            self._open.popitem(last=False)
        return mask


@dataclass
class _Seen:
    """A version of a table, when it was first met, and its rows once they were read."""

    mark: bytes
    version: int
    since: float
    look: Look | None = None
    """What its folder was like before the store was last asked."""
    told: float = 0.0
    """When it was last told that the table is the same."""
    large_until: float = 0.0
    rows: Held | None = None
    before: Held | None = None
    """What was held of the table before: most rows of a version are those of the last, and their words are cut."""


class HeldTables:
    """Those used last, `room` bytes together. The store is asked before each search, unless `folders` tell of no change."""

    def __init__(self, room: int = HELD_BYTES, *, folders: TableFolders = NOT_SEEN, settled: timedelta = SETTLED) -> None:
        self._room, self._folders, self._settled = room, folders, settled.total_seconds()
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._reading = asyncio.Lock()

    async def of(self, collection: str, table: AsyncTable) -> Held | None:
        """The rows as they are now; None where the store is to be searched itself."""
        seen = self._seen.get(collection)
        if seen is not None and time.monotonic() < seen.large_until:
            return None
        if seen is None or seen.look is None or not self._folders.is_as(seen.look):
            look = self._folders.look(collection)  # before the store is asked: what comes between shows in the next
            seen = await self._asked(collection, table, seen, often=look is None)
            seen.look = look
        if self._seen.get(collection) is not seen:
            return None  # forgotten meanwhile, or met anew by another search
        self._seen.move_to_end(collection)
        if seen.rows is None and seen.mark and time.monotonic() - seen.since >= self._settled and not self._reading.locked():
            async with self._reading:
                await self._read(seen, table)
            self._forget_oldest()
        return seen.rows if self._seen.get(collection) is seen else None

    async def _asked(self, collection: str, table: AsyncTable, seen: _Seen | None, *, often: bool) -> _Seen:
        version = await table.version()
        if seen is None or seen.version != version or not await self._is_same(seen, table, often=often):
            mark = await _mark(table)
            before = (seen.rows or seen.before) if seen is not None and seen.mark == mark else None
            seen = self._seen[collection] = _Seen(mark, version, time.monotonic(), before=before)
        return seen

    async def _is_same(self, seen: _Seen, table: AsyncTable, *, often: bool) -> bool:
        """Whether it is the table that was met. None is taken away and filled anew to the same version within MARK_HOLDS_S."""
        if not often or time.monotonic() - seen.told > MARK_HOLDS_S:
            if seen.mark != await _mark(table):
                return False
            seen.told = time.monotonic()
        return True

    def clear(self) -> None:
        self._seen.clear()

    async def _read(self, seen: _Seen, table: AsyncTable) -> None:
        width = (await table.schema()).field("vector").type.list_size
        if await table.count_rows() * (4 * width + BYTES + _PASSAGE_BYTES + _OVERHEAD) > self._room:
            seen.large_until = time.monotonic() + LARGE_HOLDS_S
            return
        found = await table.query().select(_COLUMNS).with_row_id().to_arrow()
        if (await table.version(), await _mark(table)) == (seen.version, seen.mark):  # else it changed while it was read
            rows = await asyncio.to_thread(_held, found, width, seen.before)
            seen.before = None
            if rows.size <= self._room:
                seen.rows = rows
            else:
                seen.large_until = time.monotonic() + LARGE_HOLDS_S

    def _forget_oldest(self) -> None:
        while sum(held.size for each in self._seen.values() if (held := each.rows or each.before)) > self._room:
            self._seen.popitem(last=False)


async def _mark(table: AsyncTable) -> bytes:
    """Empty for a table that an earlier version made and nobody tended since: that is always searched itself."""
    return ((await table.schema()).field(_MARKED).metadata or {}).get(_MARK.encode(), b"")


def _held(found: pa.Table, width: int, before: Held | None) -> Held:
    found = found.sort_by("_rowid")
    rights, rights_of = _distinct(
        Rights(frozenset(allow), frozenset(deny))
        for allow, deny in zip(found["acl"].to_pylist(), found["deny"].to_pylist(), strict=True)
    )
    documents, document_of = _distinct(found["document_id"].to_pylist())
    vectors = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    addresses = found["_rowid"].to_numpy().astype(np.int64)
    return Held(
        addresses=addresses,
        stored=found["passage"].to_pylist(),
        personal=found["personal"].to_pylist(),
        vectors=np.array(vectors, dtype=np.float32),
        words=_words(addresses, found["contextual_text"], before),
        places={each: place for place, each in enumerate(found["id"].to_pylist())},
        rights=rights,
        rights_of=rights_of,
        documents=documents,
        document_of=document_of,
    )


def _words(addresses: _Addresses, texts: "pa.ChunkedArray", before: Held | None) -> HeldWords:
    """Those that were held are not cut again: a row never changes at its address."""
    if before is None or not len(before.addresses):
        return HeldWords.of(texts.to_pylist())
    new = np.flatnonzero(~np.isin(addresses, before.addresses))
    places = np.minimum(np.searchsorted(addresses, before.addresses), max(len(addresses) - 1, 0))
    if len(addresses):
        places[addresses[places] != before.addresses] = -1
    else:
        places[:] = -1
    return before.words.moved(places, len(addresses), HeldWords.of(texts.take(pa.array(new)).to_pylist()), new)


def _distinct(values: Any) -> tuple[list[Any], npt.NDArray[np.int32]]:
    """Each value once, and for each entry its place among them."""
    places: dict[Any, int] = {}
    at = [places.setdefault(value, len(places)) for value in values]
    return list(places), np.array(at, dtype=np.int32)
