"""`/api/documents`: one document, its passages and its file. Whoever may not read it is told that it does not exist."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from stoa.adapters.database import versions
from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Form, Moment, View, moment
from stoa.api.holdings import collection_named
from stoa.api.jobs import JobView, job_view
from stoa.control.rights import TagReader
from stoa.domain.documents import Document, DocumentState, ParsedDocument, parsed_name, raw_name
from stoa.domain.resources import Collection
from stoa.domain.traits import Traits
from stoa.errors import Conflict, NotFound
from stoa.knowledge import intake
from stoa.knowledge.fingerprint import PARSER, fingerprint, same_text
from stoa.knowledge.passage import open_passage
from stoa.wiring import Control, now_ms

router = APIRouter(prefix="/api/documents", tags=["documents"])

Id = Annotated[str, Path(alias="id")]

_TEXT = "text/plain; charset=utf-8"
_SHOWN = {"pdf": "application/pdf", "txt": _TEXT, "md": _TEXT, "csv": _TEXT}


class DuplicateView(View):
    """An older document that says almost the same, and that the caller may read."""

    id: str
    path: str
    title: str


class TraitsView(View):
    """What was found out when the document was read. Dates are ISO and may lack the day; `personal` are kinds of data.

    `unread_pages` gave no text, and `notes` say what else there is to know of the reading.
    """

    kind: str
    language: str | None
    date: str | None
    dates: list[str]
    keywords: list[str]
    entities: list[str]
    personal: list[str]
    duplicate_of: DuplicateView | None
    unread_pages: list[int]
    notes: list[str]


class DocumentView(View):
    """`path` is relative to the source; `acl` are the access tags of which a reader needs one, `deny` those that shut out.

    `traits` are null before the document was read.
    """

    id: str
    collection: str
    source: str
    path: str
    title: str
    bytes: int
    pages: int | None
    chunks: int | None
    acl: list[str]
    deny: list[str]
    state: DocumentState
    error: str | None
    updated_at: Moment
    traits: TraitsView | None


class VersionView(View):
    """A change of the bytes or of the rights. `by` is the user or key that made it, null where that is not known any more."""

    number: int
    at: Moment
    digest: str
    bytes: int
    acl: list[str]
    deny: list[str]
    by: str | None


class Versions(View):
    """The newest first; the first is the present one."""

    data: list[VersionView]


class PassageView(View):
    """A passage and the text around it; offsets are characters of the document's text."""

    document: DocumentView
    page: int | None
    heading: list[str]
    before: str
    passage: str
    after: str


class Removal(View):
    job: JobView


class NewRights(Form):
    """A reader holds one of `allow`, such as group:hr, user:ada, team:lab or public, and none of `deny`."""

    allow: Annotated[tuple[str, ...], Field(min_length=1)]
    deny: tuple[str, ...] = ()


class Shared(View):
    job: JobView


def document_view(document: Document, originals: Mapping[str, Document] | None = None) -> DocumentView:
    """`originals` are those among the documents that it may be a duplicate of that the caller may read."""
    return DocumentView(
        id=document.id, collection=document.collection, source=document.source, path=document.path, title=document.title,
        bytes=document.bytes, pages=document.pages, chunks=document.chunks, acl=sorted(document.acl),
        deny=sorted(document.deny), state=document.state, error=document.error, updated_at=moment(document.updated_at),
        traits=None if document.traits is None else _traits_view(document.traits, originals or {}),
    )  # fmt: skip


def _traits_view(traits: Traits, originals: Mapping[str, Document]) -> TraitsView:
    original = originals.get(traits.duplicate_of or "")
    return TraitsView(
        kind=traits.kind, language=traits.language, date=traits.date, dates=list(traits.dates), keywords=list(traits.keywords),
        entities=list(traits.entities), personal=list(traits.personal), unread_pages=list(traits.unread),
        notes=list(traits.notes),
        duplicate_of=DuplicateView(id=original.id, path=original.path, title=original.title) if original else None,
    )  # fmt: skip


async def originals_of(parts: Control, caller: Caller, documents: Sequence[Document]) -> dict[str, Document]:
    """The documents that these say almost the same as, by id, as far as the caller may read them."""
    ids = sorted({each.traits.duplicate_of for each in documents if each.traits and each.traits.duplicate_of})
    if not ids:
        return {}
    async with parts.database.read() as connection:
        found = await DatabaseLibrary(connection).documents.read(ids)
    acl = caller.principal.acl
    return {each.id: each for each in found.values() if each.state != "removed" and each.rights.open_to(acl)}


@router.get("/{id}")
async def read_document(id_: Id, caller: Annotated[Caller, allow("document:read")], parts: Parts) -> DocumentView:
    document, _ = await find_document(parts, caller, id_)
    return document_view(document, await originals_of(parts, caller, [document]))


@router.delete("/{id}", status_code=202)
async def delete_document(id_: Id, caller: Annotated[Caller, allow("document:delete")], parts: Parts) -> Removal:
    """Out of reach at once; out of the index when the job has run."""
    document, _ = await find_document(parts, caller, id_)
    async with parts.database.write() as connection:
        job = await intake.remove(DatabaseLibrary(connection), document, by=caller.principal.id, now_ms=now_ms())
    return Removal(job=job_view(job, [], now_ms=now_ms()))


@router.put("/{id}/rights", status_code=202)
async def share_document(id_: Id, new: NewRights, caller: Annotated[Caller, allow("document:share")], parts: Parts) -> Shared:
    """Other rights in the place of those it has: it opens by them at once, and is found by them within two seconds."""
    document, _ = await find_document(parts, caller, id_)
    async with parts.read() as stores:
        rights = await TagReader(stores).rights(new.allow, new.deny)
    async with parts.database.write() as connection:
        job = await intake.share(DatabaseLibrary(connection), document, rights, by=caller.principal.id, now_ms=now_ms())
    return Shared(job=job_view(job, [], now_ms=now_ms()))


@router.get("/{id}/passage")
async def read_passage(
    id_: Id,
    caller: Annotated[Caller, allow("document:read")],
    parts: Parts,
    start: Annotated[int, Query(ge=0)],
    end: Annotated[int, Query(ge=1)],
) -> PassageView:
    document, collection = await find_document(parts, caller, id_)
    opened = open_passage(await parsed_text(parts, document, collection), start=start, end=end)
    return PassageView(
        document=document_view(document), page=opened.page, heading=list(opened.heading), before=opened.before,
        passage=opened.passage, after=opened.after,
    )  # fmt: skip


@router.get("/{id}/versions")
async def list_versions(id_: Id, caller: Annotated[Caller, allow("document:read")], parts: Parts) -> Versions:
    """What the document was. Earlier bytes are not kept."""
    document, _ = await find_document(parts, caller, id_)
    async with parts.database.read() as connection:
        found = await versions.of_document(connection, document.id)
    return Versions(
        data=[
            VersionView(
                number=each.number, at=moment(each.at), digest=each.digest, bytes=each.bytes, acl=sorted(each.acl),
                deny=sorted(each.deny), by=each.by,
            )
            for each in found
        ]
    )  # fmt: skip


@router.get("/{id}/original", response_class=Response)
async def read_original(id_: Id, caller: Annotated[Caller, allow("document:read")], parts: Parts) -> Response:
    """The file as it was sent: PDF and text to be shown, all else to be saved, and nothing to be run."""
    document, _ = await find_document(parts, caller, id_)
    data = await parts.objects.get(raw_name(document.digest))
    if data is None:
        raise NotFound(f"The file of the document {id_!r} is not in the object store.")
    name = document.path.rpartition("/")[2]
    shown = _SHOWN.get(name.rpartition(".")[2].lower())
    disposition = f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"
    headers = {"content-disposition": disposition, "x-content-type-options": "nosniff", "cache-control": "private, no-store"}
    return Response(data, media_type=shown or "application/octet-stream", headers=headers)


async def find_document(parts: Control, caller: Caller, document_id: str) -> tuple[Document, Collection]:
    """A document that the caller may read, and its collection. Raises NotFound for every other."""
    async with parts.database.read() as connection:
        document = await DatabaseLibrary(connection).documents.get(document_id)
    if document is not None and document.rights.open_to(caller.principal.acl):
        async with parts.read() as stores:
            return document, await collection_named(stores, caller, document.collection)
    raise NotFound(f"There is no document {document_id!r} here for you.", param="id")


async def parsed_text(parts: Control, document: Document, collection: Collection) -> ParsedDocument:
    """What the index holds passages of. Raises Conflict while that is another text than the document's."""
    if document.state == "failed":
        raise Conflict(f"The document {document.path!r} could not be read: {document.error}", param="id")
    text = await parts.objects.get(parsed_name(document.digest, document.path, version=PARSER))
    if text is None or not same_text(document.indexed_as, fingerprint(document, collection)):
        raise Conflict(f"The document {document.path!r} is being indexed anew, so its passages may lie elsewhere now.")
    return msgspec.json.decode(text, type=ParsedDocument)
