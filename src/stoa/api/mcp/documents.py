"""Documents as resources, `stoa://collections/NAME/documents/ID`, and their text to be read, long ones a part at a time."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import mcp_types as types

from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.documents import find_document, parsed_text
from stoa.api.holdings import collections_for
from stoa.api.mcp.catalog import Asked
from stoa.api.paging import place_of, to_cursor
from stoa.domain.documents import Document
from stoa.errors import NotFound

MOST_CHARACTERS = 100_000
"""Of a document's text in one answer, about 25,000 tokens."""

_PAGE = 100
_COMPLETED = 100
_URI = re.compile(r"stoa://collections/([^/]+)/documents/([^/]+)")


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
            )
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
        more = to_cursor(f"{shown[-1].collection}\n{shown[-1].id}") if len(found) > _PAGE else None
        return [_resource(each) for each in shown], more

    async def read(self, asked: Asked, uri: str) -> Sequence[types.TextResourceContents | types.BlobResourceContents]:
        match = _URI.fullmatch(uri)
        if match is None:
            raise NotFound(f"{uri[:200]!r} is no document's address, such as stoa://collections/handbook/documents/ID.")
        part = await read_part(asked, match[2])
        if part.document.collection != match[1]:
            raise NotFound(f"There is no document {match[2]!r} in the collection {match[1]!r} for you.")
        return [types.TextResourceContents(uri=uri, mime_type="text/plain", text=part.text)]

    async def complete(self, asked: Asked, argument: str, begun: str, known: Mapping[str, str]) -> Sequence[str]:
        async with asked.parts.read() as stores:
            names = [each.name for each in await collections_for(stores, asked.to("collection:list"))]
        if argument == "collection":
            return [name for name in names if name.startswith(begun)][:_COMPLETED]
        if argument not in ("id", "document") or (wanted := known.get("collection", "")) not in names:
            return []
        async with asked.parts.database.read() as connection:
            found = await DatabaseLibrary(connection).documents.page(
                wanted, acl=asked.caller.principal.acl, state="indexed", search="", limit=_COMPLETED
            )
        return [each.id for each in found if each.id.startswith(begun)]


async def read_part(asked: Asked, document_id: str, *, start: int = 0) -> Part:
    """As much of a document as one answer holds, cut between paragraphs. Raises NotFound, and Conflict while it is indexed."""
    document, collection = await find_document(asked.parts, asked.to("document:read"), document_id)
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


def _resource(document: Document) -> types.Resource:
    return types.Resource(
        name=document.path, title=document.title, uri=uri_of(document), mime_type="text/plain",
        description=f"{document.path} from {document.source} in {document.collection}",
    )  # fmt: skip
