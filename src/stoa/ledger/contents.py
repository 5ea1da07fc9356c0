"""Contents on their way into the database, and out of it: whoever reads one leaves a trace of their own."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, NamedTuple, Protocol

import msgspec

from stoa.domain.contents import Content, ContentStore, Opened, SubjectKey, SubjectSeal, TransitSeal
from stoa.domain.identity import Principal
from stoa.errors import InvalidRequest
from stoa.kit.ids import new_id

log = logging.getLogger("stoa.ledger")

_BATCH = msgspec.msgpack.Decoder(list[bytes])
Open = Callable[[], AbstractAsyncContextManager[ContentStore]]


class Read(NamedTuple):
    """`erased` is a content that nobody can read any more: the key of whose it was is destroyed."""

    state: Literal["stored", "erased", "none"]
    content: Opened | None = None


class Readings(Protocol):
    """Told of everybody who reads a content, before they get it."""

    async def reads(self, principal: Principal, fact_id: str) -> None: ...

    async def reads_dataset(self, principal: Principal, dataset: str, *, version: int) -> None: ...


class LoggedReadings:
    """Implements Readings with a line in control's log."""

    async def reads(self, principal: Principal, fact_id: str) -> None:
        log.info("content read", extra={"fields": {**_told(principal), "request": fact_id}})

    async def reads_dataset(self, principal: Principal, dataset: str, *, version: int) -> None:
        log.info("dataset read", extra={"fields": {**_told(principal), "dataset": dataset, "version": version}})


def _told(principal: Principal) -> dict[str, str]:
    return {"principal": principal.id, "kind": principal.kind, "name": principal.name}


async def record_contents(body: bytes, *, transit: TransitSeal, seal: SubjectSeal, write: Open, now_ms: int) -> None:
    """Insert a batch as the gateway ships it, each content once, sealed with its subject's key. Raises InvalidRequest."""
    try:
        found = [transit.unwrap(each) for each in _BATCH.decode(body)]
    except (msgspec.MsgspecError, ValueError) as error:
        raise InvalidRequest(f"The body must be a msgpack list of sealed contents: {error}.") from error
    if not found:
        return
    subjects = {content.subject for content in found}
    async with write() as store:
        new = {subject: SubjectKey(new_id("ck"), seal.new_key()) for subject in subjects}
        keys = await store.keys_of(sorted(subjects), new, now_ms=now_ms)
        await store.insert(_sealed(found, keys_by_subject=dict(keys), seal=seal))


def _sealed(
    found: Sequence[Content], *, keys_by_subject: dict[str, SubjectKey], seal: SubjectSeal
) -> list[tuple[Content, str, bytes]]:
    return [
        (content, key.id, seal.seal(key.sealed, content)) for content in found for key in (keys_by_subject[content.subject],)
    ]


async def read_content(
    fact_id: str, *, principal: Principal, read: Open, seal: SubjectSeal, readings: Readings, now_ms: int
) -> Read:
    """What was asked and answered; none where it is not kept, or no longer."""
    async with read() as store:
        stored = await store.find(fact_id, now_ms=now_ms)
    if stored is None:
        return Read("none")
    if stored.key is None:
        return Read("erased")
    await readings.reads(principal, fact_id)
    return Read("stored", seal.open(stored.key, fact_id, stored.sealed))
