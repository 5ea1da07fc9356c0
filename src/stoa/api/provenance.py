"""`/api/documents/{id}/provenance` and `/api/collections/{name}/reindex`: what made what is found, and having it made again."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller, Parts, allow
from stoa.api.documents import DocumentView, Id, document_view, find_document, originals_of
from stoa.api.forms import Flag, Form, View, Whole
from stoa.api.holdings import collection_named
from stoa.api.jobs import JobView, job_view
from stoa.domain.documents import raw_name
from stoa.domain.narrowing import DocumentFilter
from stoa.domain.traits import Traits
from stoa.knowledge.fingerprint import CHUNKER, PARSER, fingerprint, same_content
from stoa.knowledge.reindex import reindex
from stoa.wiring import now_ms

router = APIRouter(prefix="/api", tags=["provenance"])

_ISO = r"^\d{4}(-\d\d(-\d\d)?)?$"


class RawView(View):
    """The bytes as they came. `kept` is whether they are in the object store, under `object`."""

    digest: str
    bytes: int
    object: str
    kept: bool


class VersionsView(View):
    """Versions of what read, cut and embedded, and the programs that read; empty where that is not known."""

    parser: str
    reader: str
    chunker: str
    embedder: str


class ChunkOrigin(View):
    """A passage, and the characters of the document's text that it is."""

    id: str
    start: int
    end: int
    page: int | None
    heading: list[str]


class Provenance(View):
    """From the bytes to the passages. `now` are the versions in force; `current` is whether the index holds what they make."""

    document: DocumentView
    raw: RawView
    made_by: VersionsView
    now: VersionsView
    current: bool
    chunks: list[ChunkOrigin]


class Reindexing(Form):
    """Which documents: those that fit every field given, all when none is. A list fits by any of its values.

    `path` are globs; `parser_before` is a version, `unread` whether pages gave no text, `duplicate` whether an older document
    says almost the same.
    """

    state: tuple[Literal["indexed", "failed", "queued"], ...] = ()
    source: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    keyword: tuple[str, ...] = ()
    entity: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    since: Annotated[str | None, Field(pattern=_ISO)] = None
    until: Annotated[str | None, Field(pattern=_ISO)] = None
    parser_before: Annotated[Whole, Field(ge=1)] | None = None
    unread: Flag | None = None
    duplicate: Flag | None = None


class Requeued(View):
    job: JobView


@router.get("/documents/{id}/provenance")
async def read_provenance(id_: Id, caller: Annotated[Caller, allow("document:read")], parts: Parts) -> Provenance:
    """What a document's passages were made from, and by what."""
    document, collection = await find_document(parts, caller, id_)
    traits = document.traits or Traits()
    chunks = await parts.finder.of_document(
        document.id, collection=collection.name, acl=caller.principal.acl, team=caller.principal.team or collection.team
    )
    name = raw_name(document.digest)
    return Provenance(
        document=document_view(document, await originals_of(parts, caller, [document])),
        raw=RawView(
            digest=document.digest, bytes=document.bytes, object=name, kept=await parts.objects.get(name) is not None
        ),
        made_by=VersionsView(
            parser=traits.parser, reader=traits.reader, chunker=traits.chunker, embedder=traits.embedder
        ),
        now=VersionsView(parser=PARSER, reader="", chunker=CHUNKER, embedder=collection.embedding_model),
        current=same_content(document.indexed_as, fingerprint(document, collection)),
        chunks=[
            ChunkOrigin(id=each.id, start=each.start, end=each.end, page=each.page, heading=list(each.heading))
            for each in chunks
        ],
    )  # fmt: skip


@router.post("/collections/{name}/reindex", status_code=202)
async def reindex_documents(
    name: str, wanted: Reindexing, caller: Annotated[Caller, allow("document:ingest")], parts: Parts
) -> Requeued:
    """Have documents read, cut and embedded again from the bytes that are kept; until then they are found as they were."""
    async with parts.read() as stores:
        collection = await collection_named(stores, caller, name)
    async with parts.database.write() as connection:
        job = await reindex(
            DatabaseLibrary(connection), collection=collection.name, wanted=filter_of(wanted), held=caller.principal.acl,
            by=caller.principal.id, now_ms=now_ms(),
        )  # fmt: skip
    return Requeued(job=job_view(job, [], now_ms=now_ms()))


def filter_of(wanted: Reindexing) -> DocumentFilter:
    """As the domain has it."""
    return DocumentFilter(**{name: getattr(wanted, name) for name in Reindexing.model_fields})
