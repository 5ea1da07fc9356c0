"""`/api/documents/{id}/chunks` and `/api/passages/{id}/links`: what there is to find, and where it leads."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query

from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller, Parts, allow
from stoa.api.documents import DocumentView, document_view, find_document, parsed_text
from stoa.api.forms import View
from stoa.api.paging import Cursor, offset_of, to_cursor
from stoa.api.search import payer

router = APIRouter(tags=["passages"])

Id = Annotated[str, Path(alias="id")]

_LINKED = 5
_CHUNKS = 50
"""Chunks in one answer, unless told."""


class ChunkView(View):
    """`text[start - offset:end - offset]` of the answer's text. `tokens` are those of the model that embeds, headings left out.

    `text` is what is given to a model: a part of a table has the table's header in front.
    """

    id: str
    start: int
    end: int
    heading: list[str]
    page: int | None
    tokens: int
    text: str


class LinkedPassage(View):
    """A passage that a name leads to."""

    id: str
    document_id: str
    title: str
    path: str
    heading: list[str]
    page: int | None
    start: int
    end: int
    text: str


class PassageLinkView(View):
    """A name in the passage, and the passages it leads to; `about` is whether the passage is about it, else it mentions it.

    A name that begins with a slash is a document's path. `more` is whether it leads to more passages than these.
    """

    name: str
    about: bool
    passages: list[LinkedPassage]
    more: bool


class PassageLinks(View):
    """Those that lead somewhere the caller may read, in the order of the alphabet."""

    links: list[PassageLinkView]


class ChunkPage(View):
    """Some chunks of a document, and the text from the first of them to the next page's: `text` begins at character `offset`.

    `characters` is the length of the whole text, `chunks` how many there are in all, `before` how many stand before these.
    """

    document: DocumentView
    characters: int
    chunks: int
    before: int
    offset: int
    text: str
    data: list[ChunkView]
    next_cursor: str | None
    previous_cursor: str | None


@router.get("/api/documents/{id}/chunks")
async def list_chunks(
    id_: Id,
    caller: Annotated[Caller, allow("document:read")],
    parts: Parts,
    limit: Annotated[int, Query(ge=1, le=200, description="How many chunks at most.")] = _CHUNKS,
    cursor: Cursor = None,
    at: Annotated[int | None, Query(ge=0, description="Begin with the page that holds this character.")] = None,
) -> ChunkPage:
    """The document's text and how the index holds it. Raises Conflict while it is being indexed anew."""
    document, collection = await find_document(parts, caller, id_)
    parsed = await parsed_text(parts, document, collection)
    found = await parts.finder.of_document(
        document.id, collection=collection.name, acl=caller.principal.acl, team=payer(caller, collection)
    )
    first = offset_of(cursor)
    if cursor is None and at is not None:
        before = sum(passage.start <= at for passage in found)
        first = max(0, before - 1) // limit * limit
    shown, after = found[first : first + limit], found[first + limit : first + limit + 1]
    begin = shown[0].start if shown and first else 0
    end = after[0].start if after else len(parsed.text)
    tokens = await parts.counter.count([passage.text for passage in shown])
    return ChunkPage(
        document=document_view(document), characters=len(parsed.text), chunks=len(found), before=first, offset=begin,
        text=parsed.text[begin:end],
        data=[
            ChunkView(
                id=each.id, start=each.start, end=each.end, heading=list(each.heading), page=each.page, tokens=count,
                text=each.text,
            )
            for each, count in zip(shown, tokens, strict=True)
        ],
        next_cursor=to_cursor(str(first + limit)) if after else None,
        previous_cursor=to_cursor(str(max(0, first - limit))) if first else None,
    )  # fmt: skip


@router.get("/api/passages/{id}/links")
async def list_links(
    id_: Id,
    caller: Annotated[Caller, allow("document:read")],
    parts: Parts,
    limit: Annotated[int, Query(ge=1, le=50, description="How many passages of each name at most.")] = _LINKED,
) -> PassageLinks:
    """Where the graph leads from a passage: those that share a name with it, or are linked to."""
    _, collection = await find_document(parts, caller, id_.rpartition(".")[0])
    acl = caller.principal.acl
    found = await parts.finder.links(id_, collection=collection.name, acl=acl, limit=limit, team=payer(caller, collection))
    others = sorted({each.document_id for link in found for each in link.passages})
    async with parts.database.read() as connection:
        known = await DatabaseLibrary(connection).documents.read(others)
    readable = {each.id for each in known.values() if each.state != "removed" and each.rights.open_to(acl)}
    views = [
        PassageLinkView(
            name=link.name, about=link.about, more=link.more,
            passages=[
                LinkedPassage(**msgspec.structs.asdict(each)) for each in link.passages if each.document_id in readable
            ],
        )
        for link in found
    ]  # fmt: skip
    return PassageLinks(links=[view for view in views if view.passages])
