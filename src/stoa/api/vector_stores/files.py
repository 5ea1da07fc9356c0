"""`/v1/vector_stores/{id}/files` and `/file_batches`: what is in a store, one by one and many at once."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from stoa.adapters.database.filters import FilterTable
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.vector_stores import VectorStoreTable
from stoa.api.access import Caller, Parts, allow_on_behalf
from stoa.api.documents import parsed_text
from stoa.api.listing import Listing, listing
from stoa.api.vector_stores.finding import FoundStore, attributes_of, find_file, find_store
from stoa.api.vector_stores.forms import (
    BatchView,
    ChangedFile,
    ContentView,
    Counts,
    DeletedView,
    NewBatch,
    NewFile,
    StoreFileView,
    TextView,
    file_view,
)
from stoa.api.vector_stores.keeping import attributes, put_files
from stoa.api.vector_stores.span import Id, Span, Spanned
from stoa.domain.documents import Document, DocumentState
from stoa.domain.jobs import ENDED, Job
from stoa.domain.vector_stores import file_of
from stoa.errors import InvalidRequest, NotFound
from stoa.knowledge import intake
from stoa.wiring import Control, now_ms

router = APIRouter(prefix="/v1/vector_stores/{id}", tags=["vector stores"], include_in_schema=False)

FileId = Annotated[str, Path(max_length=64)]
BatchId = Annotated[str, Path(max_length=64)]
Filter = Annotated[Literal["in_progress", "completed", "failed", "cancelled"] | None, Query()]

_STATES: dict[str, tuple[DocumentState, ...]] = {
    "in_progress": ("queued",), "completed": ("indexed",), "failed": ("failed",), "cancelled": (),
}  # fmt: skip
_BATCH = "vsfb_"


@router.post("/files")
async def add_file(
    id_: Id, asked: NewFile, caller: Annotated[Caller, allow_on_behalf("vector_stores:update")], parts: Parts
) -> StoreFileView:
    found = await _changeable(parts, caller, id_)
    _, (document,) = await put_files(parts, caller, found, [asked])
    async with parts.database.read() as connection:
        said = await attributes_of(connection, document)
    return file_view(document, found.collection, said[document.id])


@router.get("/files")
async def list_files(
    id_: Id,
    caller: Annotated[Caller, allow_on_behalf("document:list")],
    parts: Parts,
    span: Spanned,
    filter_: Annotated[Filter, Query(alias="filter")] = None,
) -> Listing[StoreFileView]:
    """Those that the caller may read."""
    return await _page(parts, caller, id_, span, filter_, job_id=None)


@router.get("/files/{file_id}")
async def read_file(
    id_: Id, file_id: FileId, caller: Annotated[Caller, allow_on_behalf("document:read")], parts: Parts
) -> StoreFileView:
    async with parts.database.read() as connection:
        found = await find_store(connection, caller, id_)
        document = await find_file(connection, caller, found, file_id)
        said = await attributes_of(connection, document)
    return file_view(document, found.collection, said[document.id])


@router.post("/files/{file_id}")
async def describe_file(
    id_: Id,
    file_id: FileId,
    asked: ChangedFile,
    caller: Annotated[Caller, allow_on_behalf("vector_stores:update")],
    parts: Parts,
) -> StoreFileView:
    """Other attributes in the place of those it has."""
    async with parts.database.write() as connection:
        found = await find_store(connection, caller, id_)
        document = await find_file(connection, caller, found, file_id)
        said = attributes(asked.attributes or {})
        await FilterTable(connection).describe(document.id, said)
    return file_view(document, found.collection, said)


@router.delete("/files/{file_id}")
async def remove_file(
    id_: Id, file_id: FileId, caller: Annotated[Caller, allow_on_behalf("vector_stores:update")], parts: Parts
) -> DeletedView:
    """Out of the store; the file itself stays."""
    async with parts.database.write() as connection:
        found = await find_store(connection, caller, id_)
        document = await find_file(connection, caller, found, file_id)
        await intake.remove(DatabaseLibrary(connection), document, by=caller.principal.id, now_ms=now_ms())
    return DeletedView(id=file_id, object="vector_store.file.deleted")


@router.get("/files/{file_id}/content")
async def read_content(
    id_: Id, file_id: FileId, caller: Annotated[Caller, allow_on_behalf("document:read")], parts: Parts
) -> ContentView:
    """The text as its parser read it. Raises Conflict while it is being indexed."""
    async with parts.database.read() as connection:
        found = await find_store(connection, caller, id_)
        document = await find_file(connection, caller, found, file_id)
        said = await attributes_of(connection, document)
    parsed = await parsed_text(parts, document, found.collection)
    own, name = file_of(document.id, document.source, document.path)
    return ContentView(data=[TextView(text=parsed.text)], file_id=own, filename=name, attributes=said[document.id])


@router.post("/file_batches")
async def add_files(
    id_: Id, asked: NewBatch, caller: Annotated[Caller, allow_on_behalf("vector_stores:update")], parts: Parts
) -> BatchView:
    """Many files, indexed by one job."""
    found = await _changeable(parts, caller, id_)
    job, _ = await put_files(parts, caller, found, _files_of(asked))
    return _batch_view(job, id_)


@router.get("/file_batches/{batch_id}")
async def read_batch(
    id_: Id, batch_id: BatchId, caller: Annotated[Caller, allow_on_behalf("document:list")], parts: Parts
) -> BatchView:
    return _batch_view(await _job(parts, caller, id_, batch_id), id_)


@router.post("/file_batches/{batch_id}/cancel")
async def cancel_batch(
    id_: Id, batch_id: BatchId, caller: Annotated[Caller, allow_on_behalf("vector_stores:update")], parts: Parts
) -> BatchView:
    """What was indexed by then stays; the rest is failed and says that it was cancelled."""
    job = await _job(parts, caller, id_, batch_id)
    async with parts.database.write() as connection:
        await DatabaseLibrary(connection).jobs.cancel(job.id)
    return _batch_view(await _job(parts, caller, id_, batch_id), id_)


@router.get("/file_batches/{batch_id}/files")
async def list_batch_files(
    id_: Id,
    batch_id: BatchId,
    caller: Annotated[Caller, allow_on_behalf("document:list")],
    parts: Parts,
    span: Spanned,
    filter_: Annotated[Filter, Query(alias="filter")] = None,
) -> Listing[StoreFileView]:
    """Those that nothing else has changed since, and that the caller may read."""
    job = await _job(parts, caller, id_, batch_id)
    return await _page(parts, caller, id_, span, filter_, job_id=job.id)


async def _page(
    parts: Control,
    caller: Caller,
    store_id: str,
    span: Span,
    filter_: str | None,
    *,
    job_id: str | None,
) -> Listing[StoreFileView]:
    async with parts.database.read() as connection:
        found = await find_store(connection, caller, store_id)
        table = VectorStoreTable(connection)
        edges = [
            None if edge is None else (await find_file(connection, caller, found, edge)).id
            for edge in (span.after, span.before)
        ]
        documents: Sequence[Document] = (
            ()
            if filter_ == "cancelled"
            else await table.page(
                found.collection.name, acl=caller.principal.acl, states=_STATES.get(filter_ or "", ()), job_id=job_id,
                descending=span.descending, after=edges[0], before=edges[1], limit=span.limit + 1,
            )
        )  # fmt: skip
        said = await attributes_of(connection, *documents)
    views = [file_view(each, found.collection, said[each.id]) for each in documents]
    return listing(views, limit=span.limit, view=lambda view: view, id_of=lambda view: view.id, backwards=span.backwards)


async def _changeable(parts: Control, caller: Caller, store_id: str) -> FoundStore:
    async with parts.database.read() as connection:
        found = await find_store(connection, caller, store_id)
    found.require_present(now_ms())
    return found


async def _job(parts: Control, caller: Caller, store_id: str, batch_id: str) -> Job:
    """Raises NotFound for what is no batch of this store."""
    async with parts.database.read() as connection:
        found = await find_store(connection, caller, store_id)
        job = await DatabaseLibrary(connection).jobs.get(batch_id.removeprefix(_BATCH))
    if job is None or not batch_id.startswith(_BATCH) or job.collection != found.collection.name or job.kind != intake.KIND:
        raise NotFound(f"There is no batch {batch_id[:100]!r} of the vector store {store_id!r} for you.", param="batch_id")
    return job


def _files_of(asked: NewBatch) -> list[NewFile]:
    if (asked.file_ids is None) == (asked.files is None):
        raise InvalidRequest("Name either 'file_ids' or 'files'.", param="file_ids")
    if asked.files is not None:
        beside = [name for name in ("attributes", "chunking_strategy", "allow", "deny") if name in asked.model_fields_set]
        if beside:
            raise InvalidRequest(f"With 'files', each of them has its own {beside[0]!r}.", param=beside[0])
        found = list(asked.files)
    else:
        found = [
            NewFile(
                file_id=each, attributes=asked.attributes, chunking_strategy=asked.chunking_strategy, allow=asked.allow,
                deny=asked.deny,
            )
            for each in asked.file_ids or ()
        ]  # fmt: skip
    if not found:
        raise InvalidRequest("A batch needs at least one file.", param="file_ids")
    return found


def _batch_view(job: Job, store_id: str) -> BatchView:
    waiting = job.total - job.done - job.failed
    status: Literal["in_progress", "completed", "cancelled", "failed"] = "in_progress"
    if job.state == "cancelled":
        status = "cancelled"
    elif job.state in ENDED:
        status = "completed" if job.state == "succeeded" else "failed"
    cancelled = waiting + job.failed if status == "cancelled" else 0
    counts = Counts(
        in_progress=0 if cancelled else waiting, completed=job.done, failed=0 if cancelled else job.failed,
        cancelled=cancelled, total=job.total,
    )  # fmt: skip
    return BatchView(
        id=f"{_BATCH}{job.id}", created_at=job.created_at // 1000, vector_store_id=store_id, status=status, file_counts=counts
    )
