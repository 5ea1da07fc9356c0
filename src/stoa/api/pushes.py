"""`/api/sources/{name}/documents`: documents that applications send to a source, each with rights of its own."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from stoa.adapters.database.ledgers import DocumentRecords
from stoa.adapters.database.syncs import SyncTables
from stoa.api.access import Caller, Parts, allow
from stoa.api.documents import DocumentView, document_view
from stoa.api.forms import View
from stoa.api.holdings import keep
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.api.sources import source_named
from stoa.control.rights import TagReader
from stoa.domain.documents import DocumentState
from stoa.domain.identity import Rights
from stoa.domain.syncs import document_source
from stoa.knowledge import intake
from stoa.knowledge.forget import forget
from stoa.knowledge.sources import push
from stoa.knowledge.sources.beginning import rights_of
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/sources/{name}/documents", tags=["sources"])

DocumentPath = Annotated[str, Query(alias="path", min_length=1, description="Its place in the source, such as hr/leave.md.")]
Tags = Annotated[str | None, Query(description="Tags with commas between them, such as group:hr,user:ada.")]


class PushedView(View):
    """`job` indexes it together with others sent about now; null where it is here already, as it was sent."""

    document: DocumentView
    change: push.Change
    job: str | None


class TakenBack(View):
    job: str


@router.put("", status_code=202, openapi_extra={"requestBody": {"content": {"application/octet-stream": {}}, "required": True}})
async def push_document(
    name: str,
    request: Request,
    response: Response,
    caller: Annotated[Caller, allow("document:ingest")],
    parts: Parts,
    path: DocumentPath,
    allow: Tags = None,
    deny: Tags = None,
) -> PushedView:
    """The document's bytes are the body; they replace what was at the path. Sending the same again answers 200.

    It is for whoever holds a tag of `allow`, the source's own if left out, and none of `deny` or of what the source denies.
    """
    applied = await source_named(parts, caller, name)
    source = applied.source
    push.require_push(source)
    rights = rights_of(await _said(parts, allow, deny), source, applied.collection)
    file = await keep(parts.objects, request.stream(), path=intake.clean_path(path), limit=parts.settings.worker.document_bytes)
    push.require_some(file)
    async with parts.database.write() as connection:
        pushed = await push.push(SyncTables(connection), source, file, rights, by=caller.principal.id, now_ms=now_ms())
    if pushed.replaced is not None:
        await forget(DocumentRecords(parts.database), parts.objects, [(pushed.replaced, file.path)])
    if pushed.change == "unchanged":
        response.status_code = 200
    return PushedView(document=document_view(pushed.document), change=pushed.change, job=pushed.job)


@router.get("")
async def list_pushed(
    name: str,
    caller: Annotated[Caller, allow("document:list")],
    parts: Parts,
    state: Annotated[DocumentState | None, Query(description="Only those in this state.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[DocumentView]:
    """Documents of a source, of whichever type, that the caller may read."""
    applied = await source_named(parts, caller, name)
    async with parts.database.read() as connection:
        found = await SyncTables(connection).documents.page(
            applied.collection.name, acl=caller.principal.acl, state=state, source=document_source(name),
            after=place_of(cursor), limit=limit + 1,
        )  # fmt: skip
    return page(found, limit=limit, view=document_view, place=lambda document: document.id)


@router.delete("", status_code=202)
async def delete_pushed(
    name: str, caller: Annotated[Caller, allow("document:delete")], parts: Parts, path: DocumentPath
) -> TakenBack:
    """Out of reach at once; out of the index when the job has run."""
    applied = await source_named(parts, caller, name)
    push.require_push(applied.source)
    async with parts.database.write() as connection:
        job = await push.take_back(
            SyncTables(connection), applied.source, intake.clean_path(path), by=caller.principal.id, now_ms=now_ms()
        )
    return TakenBack(job=job)


async def _said(parts: Parts, allow: str | None, deny: str | None) -> Rights | None:
    if allow is None and deny is None:
        return None
    async with parts.read() as stores:
        return await TagReader(stores).rights(_tags(allow), _tags(deny))


def _tags(text: str | None) -> list[str]:
    return [tag.strip() for tag in (text or "").split(",") if tag.strip()]
