"""Fetching documents of a source: some at once, each to the landing zone by the hash of its bytes.

A document that cannot be had is named and does not stop the others; a source that cannot be reached is waited for a little.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from stoa.domain.documents import Objects, raw_name
from stoa.domain.identity import Rights
from stoa.domain.resources import Collection
from stoa.domain.sources import Connector, Fetched
from stoa.domain.syncs import Brought, Listed
from stoa.errors import SourceError, Unreadable
from stoa.knowledge.fingerprint import fingerprint, same_text
from stoa.knowledge.intake import NOT_TAKEN, File, too_large
from stoa.knowledge.sources.plan import known_version

FETCH_AT_ONCE = 4
PAUSES_S = (0.5, 2.0, 8.0)
"""Between two tries at a source that does not answer."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """What came of one entry: the file that its document is to be, and what is known of it from now on."""

    listed: Listed
    brought: Brought
    file: File
    bytes: int = 0


async def fetch(
    wanted: Sequence[Listed], connector: Connector, objects: Objects, *, origin: str, most_bytes: int,
    check: Callable[[], Awaitable[None]], pauses_s: Sequence[float] = PAUSES_S,
) -> list[Fetch]:  # fmt: skip
    """In the order of `wanted`; `check` is asked before each. Raises SourceError when the source stays away."""
    places = asyncio.Semaphore(FETCH_AT_ONCE)

    async def one(listed: Listed) -> Fetch:
        async with places:
            await check()
            try:
                return await _fetch(listed, connector, objects, origin=origin, most_bytes=most_bytes, pauses_s=pauses_s)
            except Unreadable as error:
                return _failed(listed, error.message)

    tasks = [asyncio.create_task(one(listed)) for listed in wanted]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def differs(found: Fetch, rights: Rights, collection: Collection) -> bool:
    """Whether its document has to be written, and to go through ingestion."""
    document = found.listed.document
    if document is None or document.rights != rights:
        return True
    if found.brought.error is not None:
        return document.state != "failed" or document.error != found.brought.error
    if document.digest != found.file.digest or document.state == "failed":
        return True
    return document.state == "indexed" and not same_text(document.indexed_as, fingerprint(document, collection))


def counts(found: Sequence[Fetch]) -> dict[str, int]:
    """What a sync counts of them."""
    good = [each for each in found if each.brought.error is None]
    return {
        "added": sum(1 for each in good if each.listed.document is None),
        "changed": sum(1 for each in good if each.listed.document and each.listed.document.digest != each.file.digest),
        "failed": len(found) - len(good),
        "bytes": sum(each.bytes for each in found),
    }


async def _fetch(
    listed: Listed, connector: Connector, objects: Objects, *, origin: str, most_bytes: int, pauses_s: Sequence[float]
) -> Fetch:
    """Raises Unreadable, and SourceError."""
    entry, known = listed.entry, known_version(listed, origin=origin)
    if known is not None and entry.version == known:  # its bytes are here; it is to be indexed anew
        return _unmoved(listed)
    if entry.bytes is not None and entry.bytes > most_bytes:
        raise Unreadable(too_large(entry.bytes, most_bytes))
    found = await _patiently(connector, listed, known, pauses_s)
    if found is None:
        return _unmoved(listed)
    if len(found.data) > most_bytes:
        raise Unreadable(too_large(len(found.data), most_bytes))
    digest, size = hashlib.sha256(found.data).hexdigest(), len(found.data)
    document = listed.document
    if document is None or document.digest != digest:
        await objects.put(raw_name(digest), found.data)
    brought = Brought(path=entry.path, version=found.version, digest=digest, bytes=size)
    return Fetch(listed, brought, File(entry.path, digest, size), size)


async def _patiently(connector: Connector, listed: Listed, known: str | None, pauses_s: Sequence[float]) -> Fetched | None:
    for pause in pauses_s:
        try:
            return await connector.fetch(listed.entry, known=known)
        except SourceError:
            await asyncio.sleep(pause)
    return await connector.fetch(listed.entry, known=known)


def _unmoved(listed: Listed) -> Fetch:
    assert listed.digest is not None
    brought = Brought(path=listed.entry.path, version=listed.version, digest=listed.digest, bytes=listed.bytes)
    return Fetch(listed, brought, File(listed.entry.path, listed.digest, listed.bytes or 0))


def _failed(listed: Listed, why: str) -> Fetch:
    brought = Brought(path=listed.entry.path, version=None, digest=None, bytes=listed.entry.bytes, error=why)
    return Fetch(listed, brought, File(listed.entry.path, NOT_TAKEN, listed.entry.bytes or 0, why))
