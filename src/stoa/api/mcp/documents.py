"""Documents as resources, `stoa://collections/NAME/documents/ID`, and their text to be read, long ones a part at a time.

A collection, `stoa://collections/NAME`, is the list of those of its documents that the caller may read.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import mcp_types as types

from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller
from stoa.api.documents import find_document, parsed_text
from stoa.api.holdings import collection_named, collections_for
from stoa.api.mcp.catalog import Asked, Held
from stoa.api.paging import place_of, to_cursor
from stoa.domain.documents import Document
from stoa.errors import NotFound
from stoa.wiring import Control

MOST_CHARACTERS = 100_000
"""Of a document's text in one answer, about 25,000 tokens."""

_PAGE = 100
_COMPLETED = 100
_LISTED = 1000
"""Documents that the text of a collection lists."""
_URI = re.compile(r"stoa://collections/([^/]+)(?:/documents/([^/]+))?")


class Part(NamedTuple):
    """The text from character `start` to `end` of `characters`."""

    document: Document
    text: str
    start: int
    end: int
    characters: int


class DocumentResources:
    """Implements `catalog.Resources` over all collections that the caller may read."""

    @property
    def templates(self) -> Sequence[types.ResourceTemplate]:
        return [
            types.ResourceTemplate(
                name="document",
                title="Document of a collection",
                uri_template="stoa://collections/{collection}/documents/{id}",
                description="A document's text, as its parser read it.",
                mime_type="text/plain",
            ),
            types.ResourceTemplate(
                name="collection",
                title="Collection of documents",
                uri_template="stoa://collections/{collection}",
                description="What a collection is about, and its documents that you may read. Watch it to be told of changes.",
                mime_type="application/json",
            ),
        ]

    async def page(self, asked: Asked, cursor: str | None) -> tuple[Sequence[types.Resource], str | None]:
        name, _, after = (place_of(cursor) or "").partition("\n")
        async with asked.parts.read() as stores:
            names = [each.name for each in await collections_for(stores, asked.to("document:list")) if each.name >= name]
        found: list[Document] = []
        for each in names:
            async with asked.parts.database.read() as connection:
                found += await DatabaseLibrary(connection).documents.page(
                    each, acl=asked.caller.principal.acl, state="indexed", after=(after or None) if each == name else None,
                    limit=_PAGE + 1 - len(found),
                )  # fmt: skip
            if len(found) > _PAGE:
                break
        shown = found[:_PAGE]
        asked.held.note(*shown)
        more = to_cursor(f"{shown[-1].collection}\n{shown[-1].id}") if len(found) > _PAGE else None
        return [_resource(each) for each in shown], more

    async def read(self, asked: Asked, uri: str) -> Sequence[types.TextResourceContents | types.BlobResourceContents]:
        match = _URI.fullmatch(uri)
        if match is None:
            raise NotFound(f"{uri[:200]!r} is no document's address, such as stoa://collections/handbook/documents/ID.")
        if match[2] is None:
            return [await _read_collection(asked, uri, match[1])]
        part = await read_part(asked, match[2])
        if part.document.collection != match[1]:
            raise NotFound(f"There is no document {match[2]!r} in the collection {match[1]!r} for you.")
        return [types.TextResourceContents(uri=uri, mime_type="text/plain", text=part.text)]

    async def seen(self, parts: Control, caller: Caller, uris: Sequence[str]) -> Mapping[str, str | None]:
        """Of a document what it says and for whom, of a collection its documents that the caller may read."""
        matches = {uri: match for uri in uris if (match := _URI.fullmatch(uri)) is not None}
        async with parts.read() as stores:
            collections = {each.name: each for each in await collections_for(stores, caller)}
        whole = sorted({match[1] for match in matches.values() if match[2] is None and match[1] in collections})
        async with parts.database.read() as connection:
            library = DatabaseLibrary(connection)
            documents = await library.documents.read(sorted({match[2] for match in matches.values() if match[2] is not None}))
            marks = await library.documents.marks(whole, acl=caller.principal.acl)
        found: dict[str, str | None] = dict.fromkeys(uris)
        for uri, match in matches.items():
            if match[2] is None:
                held = collections.get(match[1])
                found[uri] = _digest(held.description, marks.get(held.name, "")) if held is not None else None
                continue
            document = documents.get(match[2])
            if document is None or document.collection != match[1] or match[1] not in collections:
                continue
            if document.state == "removed" or not document.rights.open_to(caller.principal.acl):
                continue
            if document.state == "queued":
                del found[uri]
                continue
            rights = [*sorted(document.acl), "but", *sorted(document.deny)]
            found[uri] = _digest(document.digest, document.indexed_as or "", document.title, document.path, *rights)
        return found

    async def listed(self, parts: Control, caller: Caller) -> str:
        async with parts.read() as stores:
            names = [each.name for each in await collections_for(stores, caller)]
        async with parts.database.read() as connection:
            marks = await DatabaseLibrary(connection).documents.marks(names, acl=caller.principal.acl)
        return _digest(*(f"{name} {mark}" for name, mark in sorted(marks.items())))

    async def may_read(self, parts: Control, caller: Caller, held: Held) -> bool:
        if not held.collections and not held.documents:
            return True
        async with parts.read() as stores:
            collections = {each.name for each in await collections_for(stores, replace(caller, action="document:read"))}
        if not held.collections <= collections:
            return False
        async with parts.database.read() as connection:
            documents = await DatabaseLibrary(connection).documents.read(sorted(held.documents))
        return documents.keys() >= held.documents and all(
            each.state != "removed" and each.collection in collections and each.rights.open_to(caller.principal.acl)
            for each in documents.values()
        )

    async def complete(self, asked: Asked, argument: str, begun: str, known: Mapping[str, str]) -> Sequence[str]:
        async with asked.parts.read() as stores:
            names = [each.name for each in await collections_for(stores, asked.to("collection:list"))]
        asked.held.collections.update(names)
        if argument == "collection":
            return [name for name in names if name.startswith(begun)][:_COMPLETED]
        if argument not in ("id", "document") or (wanted := known.get("collection", "")) not in names:
            return []
        async with asked.parts.database.read() as connection:
            found = await DatabaseLibrary(connection).documents.page(
                wanted, acl=asked.caller.principal.acl, state="indexed", search="", limit=_COMPLETED
            )
        asked.held.note(*found)
        return [each.id for each in found if each.id.startswith(begun)]


async def read_part(asked: Asked, document_id: str, *, start: int = 0) -> Part:
    """As much of a document as one answer holds, cut between paragraphs. Raises NotFound, and Conflict while it is indexed."""
    document, collection = await find_document(asked.parts, asked.to("document:read"), document_id)
    asked.held.note(document)
    text = (await parsed_text(asked.parts, document, collection)).text
    if start > len(text):
        raise NotFound(f"The document has {len(text):,} characters; there is nothing at {start:,}.", param="offset")
    end = start + MOST_CHARACTERS
    if end < len(text):
        border = text.rfind("\n\n", start + MOST_CHARACTERS // 2, end)
        end = border if border > 0 else end
    return Part(document, text[start:end], start, min(end, len(text)), len(text))


def uri_of(document: Document) -> str:
    return f"stoa://collections/{document.collection}/documents/{document.id}"


async def _read_collection(asked: Asked, uri: str, name: str) -> types.TextResourceContents:
    async with asked.parts.read() as stores:
        collection = await collection_named(stores, asked.to("document:list"), name)
    async with asked.parts.database.read() as connection:
        found = await DatabaseLibrary(connection).documents.page(
            name, acl=asked.caller.principal.acl, state="indexed", limit=_LISTED + 1
        )
    asked.held.collections.add(name)
    asked.held.note(*found)
    listed = [{"uri": uri_of(each), "title": each.title, "path": each.path} for each in found[:_LISTED]]
    told = {"name": name, "description": collection.description, "documents": listed, "more": len(found) > _LISTED}
    return types.TextResourceContents(uri=uri, mime_type="application/json", text=json.dumps(told, ensure_ascii=False))


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _resource(document: Document) -> types.Resource:
    return types.Resource(
        name=document.path, title=document.title, uri=uri_of(document), mime_type="text/plain",
        description=f"{document.path} from {document.source} in {document.collection}",
    )  # fmt: skip
