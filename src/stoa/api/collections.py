"""`/api/collections`: bodies of documents, what is in them, and putting more in."""

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, UploadFile

from stoa.adapters.database.ledgers import DocumentRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller, Parts, allow
from stoa.api.documents import DocumentView, document_view, originals_of
from stoa.api.forms import View
from stoa.api.holdings import collection_named, collections_for, keep, require_no_source, rights_of, target_of
from stoa.api.jobs import JobView, job_view
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.control import desired
from stoa.domain.documents import DocumentState
from stoa.domain.narrowing import DocumentFilter
from stoa.domain.resources import Collection
from stoa.errors import InvalidRequest
from stoa.knowledge import intake
from stoa.knowledge.forget import forget
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/collections", tags=["collections"])


class CollectionRights(View):
    """What the policy lets the caller do with a collection; every request is decided anew."""

    read: bool
    ingest: bool
    judge: bool
    see_usage: bool
    see_sources: bool
    sync_sources: bool
    see_indexes: bool
    change_indexes: bool
    see_versions: bool
    """What the collection itself was, as a resource."""
    change: bool


class CollectionView(View):
    """`version` grows with every change of a document or a right."""

    name: str
    team: str
    description: str
    documents: int
    chunks: int
    failed: int
    version: int
    rights: CollectionRights


class Uploaded(View):
    job: JobView
    documents: list[DocumentView]


@router.get("")
async def list_collections(
    caller: Annotated[Caller, allow("collection:list")], parts: Parts, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[CollectionView]:
    """Those that the caller's team may use."""
    async with parts.read() as stores:
        found = await collections_for(stores, caller)
        versions = await stores.revision.corpus()
    async with parts.database.read() as connection:
        counts = await DatabaseLibrary(connection).documents.counts()
    views = [
        CollectionView(
            name=each.name, team=each.team, description=each.description, version=versions.get(each.name, 0),
            documents=held.documents if (held := counts.get(each.name)) else 0,
            chunks=held.chunks if held else 0, failed=held.failed if held else 0, rights=_rights(caller, each),
        )
        for each in found
        if each.name > (place_of(cursor) or "")
    ]  # fmt: skip
    return page(views, limit=limit, view=lambda view: view, place=lambda view: view.name)


@router.get("/{name}/documents")
async def list_documents(
    name: str,
    caller: Annotated[Caller, allow("document:list")],
    parts: Parts,
    state: Annotated[DocumentState | None, Query(description="Only those in this state.")] = None,
    search: Annotated[str, Query(max_length=200, description="Only those whose path or title contains this.")] = "",
    kind: Annotated[str, Query(max_length=40, description="Only files with this ending: pdf.")] = "",
    language: Annotated[str, Query(max_length=8, description="Only those in this language: de.")] = "",
    keyword: Annotated[str, Query(max_length=200, description="Only those about this.")] = "",
    entity: Annotated[str, Query(max_length=200, description="Only those that name this.")] = "",
    personal: Annotated[str, Query(max_length=64, description="Only those with this kind of personal data.")] = "",
    unread: Annotated[bool | None, Query(description="Whether pages gave no text.")] = None,
    duplicate: Annotated[bool | None, Query(description="Whether an older one says almost the same.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[DocumentView]:
    """Those that the caller may read."""
    wanted = DocumentFilter(
        kind=_one(kind), language=_one(language), keyword=_one(keyword), entity=_one(entity), personal=_one(personal),
        unread=unread, duplicate=duplicate,
    )  # fmt: skip
    async with parts.read() as stores:
        collection = await collection_named(stores, caller, name)
    async with parts.database.read() as connection:
        found = await DatabaseLibrary(connection).documents.page(
            collection.name, acl=caller.principal.acl, state=state, search=search, after=place_of(cursor), limit=limit + 1,
            wanted=wanted,
        )  # fmt: skip
    originals = await originals_of(parts, caller, found)
    return page(found, limit=limit, view=lambda each: document_view(each, originals), place=lambda document: document.id)


@router.post("/{name}/documents", status_code=202)
async def upload_documents(
    name: str,
    caller: Annotated[Caller, allow("document:ingest")],
    parts: Parts,
    files: Annotated[list[UploadFile], File(min_length=1, description="One or more; a name may hold folders.")],
    groups: Annotated[str, Form(description="Only these groups may read them: hr,finance. Else the collection's team.")] = "",
    allow: Annotated[str, Form(description="Whoever holds one of these may read them too: group:hr,user:ada,public.")] = "",
    deny: Annotated[str, Form(description="Whoever holds one of these may not: group:interns,user:bob.")] = "",
    source: Annotated[str, Form(max_length=255, description="Where they came from.")] = "upload",
) -> Uploaded:
    """Store the files and queue a job that indexes them. A file of the same name and source is replaced."""
    require_no_source(source)
    async with parts.read() as stores:
        collection = await collection_named(stores, caller, name)
        rights = await rights_of(stores, collection, groups=_names(groups), allow=_names(allow), deny=_names(deny))
    limit = parts.settings.worker.document_bytes
    kept = [
        await keep(parts.objects, _pieces(file), path=intake.clean_path(file.filename or ""), limit=limit) for file in files
    ]
    _require_distinct([file.path for file in kept])
    async with parts.database.write() as connection:
        queued = await intake.upload(
            DatabaseLibrary(connection), kept, collection=collection.name, source=source, rights=rights, by=caller.principal.id,
            now_ms=now_ms(),
        )  # fmt: skip
    await forget(DocumentRecords(parts.database), parts.objects, queued.replaced)
    documents = [document_view(document) for document in queued.documents]
    return Uploaded(job=job_view(queued.job, [], now_ms=now_ms()), documents=documents)


def _rights(caller: Caller, collection: Collection) -> CollectionRights:
    target, resource = target_of(collection), desired.target_of(collection)
    return CollectionRights(
        read=caller.may(target, "document:list"),
        ingest=caller.may(target, "document:ingest"),
        judge=caller.may(target, "evaluation:judge"),
        see_usage=caller.may(target, "collection:usage"),
        see_sources=caller.may(target, "source:list"),
        sync_sources=caller.may(target, "source:sync"),
        see_indexes=caller.may(target, "index:list"),
        change_indexes=caller.may(target, "index:change"),
        see_versions=caller.may(resource, "resource:read"),
        change=caller.may(resource, "resource:apply"),
    )


async def _pieces(file: UploadFile) -> AsyncGenerator[bytes]:
    while piece := await file.read(1 << 20):
        yield piece


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _require_distinct(paths: Sequence[str]) -> None:
    twice = sorted({path for path in paths if paths.count(path) > 1})
    if twice:
        raise InvalidRequest(f"The file {twice[0]!r} was sent more than once.", param="files")
