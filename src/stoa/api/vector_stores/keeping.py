"""Making, deleting and letting go of collections as vector stores, and putting files into them."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.filters import FilterTable
from stoa.adapters.database.ledgers import DocumentRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.stores import DatabaseStores
from stoa.adapters.database.vector_stores import VectorStoreTable
from stoa.api.access import Caller
from stoa.api.files import file_of
from stoa.api.holdings import keep, rights_of
from stoa.api.vector_stores.finding import FoundStore
from stoa.api.vector_stores.forms import NewFile, tokens_of
from stoa.control import desired
from stoa.domain.documents import Document
from stoa.domain.files import blob_name
from stoa.domain.filters import AttributeValue
from stoa.domain.identity import Rights
from stoa.domain.jobs import Job
from stoa.domain.resources import Collection
from stoa.domain.vector_stores import SOURCE, path_of
from stoa.errors import InvalidRequest, NotFound, StoaError
from stoa.knowledge import intake
from stoa.knowledge.forget import forget
from stoa.policy.decide import Target
from stoa.wiring import Control, now_ms

log = logging.getLogger("stoa.control")

_LOOK_EVERY_S = 3600.0
_FIRST_S = 60.0


async def save_collection(connection: AsyncConnection, parts: Control, collection: Collection, *, by: str) -> None:
    """Apply a collection that the caller was allowed to make as a vector store."""
    await desired.apply(
        DatabaseStores(connection), [collection], engine_url=parts.engine_url, sealer=parts.secrets, require=_allowed, by=by,
        now_ms=now_ms(),
    )  # fmt: skip


async def delete_store(connection: AsyncConnection, parts: Control, name: str, *, by: str) -> None:
    """Take a collection away with its documents. Raises Conflict where an assistant or a source still needs it."""
    library, rows = DatabaseLibrary(connection), VectorStoreTable(connection)
    job = await intake.begin_emptying(library, name, by=by, now_ms=now_ms())
    await rows.empty(name, job_id=job.id, now_ms=now_ms())
    await desired.delete(
        DatabaseStores(connection), "Collection", name, engine_url=parts.engine_url, require=_allowed, by=by, now_ms=now_ms()
    )
    await rows.drop(name)


async def expire_forever(parts: Control) -> None:
    """Delete the stores that are over, every hour, until cancelled."""
    await asyncio.sleep(_FIRST_S)
    while True:
        try:
            await expire(parts)
        except Exception:
            log.exception("vector stores that are over could not be deleted")
        await asyncio.sleep(_LOOK_EVERY_S)


async def expire(parts: Control) -> list[str]:
    """Delete the stores that are over; one that something still needs stays, and says that it has expired."""
    async with parts.database.read() as connection:
        over = [store for store in (await VectorStoreTable(connection).all()).values() if store.expired(now_ms())]
    gone: list[str] = []
    for store in over:
        try:
            async with parts.database.write() as connection:
                await delete_store(connection, parts, store.collection, by=store.created_by)
        except NotFound:  # deleted as a resource
            async with parts.database.write() as connection:
                await VectorStoreTable(connection).drop(store.collection)
        except StoaError as error:
            log.warning("the vector store %s is over and stays: %s", store.collection, error.message)
        else:
            gone.append(store.collection)
    return gone


async def put_files(
    parts: Control, caller: Caller, found: FoundStore, wanted: Sequence[NewFile]
) -> tuple[Job, Sequence[Document]]:
    """Make documents of files and queue a job that indexes them. A file that is there already is read again.

    Raises NotFound for a file that the caller may not read, and InvalidRequest.
    """
    collection = found.collection
    _require_fitting(collection, wanted)
    rights = await _rights(parts, collection, wanted)
    taken: list[intake.File] = []
    for each in wanted:
        file = await file_of(parts, _as_reader(caller), each.file_id, param="file_id")
        pieces = await parts.blobs.read(blob_name(file.id))
        if pieces is None:
            raise NotFound(f"The bytes of the file {file.id!r} are not in the object store.", param="file_id")
        path = intake.clean_path(path_of(file.id, file.filename))
        kept = await keep(parts.objects, pieces, path=path, limit=parts.settings.worker.document_bytes)
        taken.append(intake.File(path, kept.digest, kept.bytes, rights=rights[each.file_id]))
    async with parts.database.write() as connection:
        queued = await intake.upload(
            DatabaseLibrary(connection), taken, collection=collection.name, source=SOURCE, rights=Rights(frozenset()),
            by=caller.principal.id, now_ms=now_ms(),
        )  # fmt: skip
        by_path = {document.path: document for document in queued.documents}
        for each, file in zip(wanted, taken, strict=True):
            if each.attributes is not None:
                await FilterTable(connection).describe(by_path[file.path].id, attributes(each.attributes))
        await VectorStoreTable(connection).touch([collection.name], now_ms=now_ms())
    await forget(DocumentRecords(parts.database), parts.objects, queued.replaced)
    return queued.job, [by_path[file.path] for file in taken]


def attributes(sent: Mapping[str, bool | str | float]) -> dict[str, AttributeValue]:
    """Numbers are kept as such, whether they were whole or not."""
    return {name: value if isinstance(value, bool | str) else float(value) for name, value in sent.items()}


def _require_fitting(collection: Collection, wanted: Sequence[NewFile]) -> None:
    twice = sorted({each.file_id for each in wanted if [other.file_id for other in wanted].count(each.file_id) > 1})
    if twice:
        raise InvalidRequest(f"The file {twice[0]!r} is named more than once.", param="file_ids")
    for each in wanted:
        tokens = tokens_of(each.chunking_strategy)
        if tokens is not None and tokens != collection.chunk_tokens:
            raise InvalidRequest(
                f"All files of a vector store are cut alike, here into {collection.chunk_tokens} tokens. Leave out "
                "chunking_strategy, or make a store with the one you want.",
                param="chunking_strategy",
            )


async def _rights(parts: Control, collection: Collection, wanted: Sequence[NewFile]) -> dict[str, Rights]:
    async with parts.read() as stores:
        return {each.file_id: await rights_of(stores, collection, allow=each.allow, deny=each.deny) for each in wanted}


def _as_reader(caller: Caller) -> Caller:
    return Caller(caller.principal, "files:read", caller.policy)


def _allowed(target: Target) -> None:
    """The policy has been asked about the store before."""
