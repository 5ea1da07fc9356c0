"""The tools `search`, `fetch`, `list_collections` and `ask`: the first two in the form that assistants with connectors know.

`search` answers with documents, each with the passages of it that were found; `fetch` with one document's text.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.filtering import Date, Filters, Words, search_filter
from stoa.api.forms import Form, View, Whole, moment
from stoa.api.holdings import collections_for
from stoa.api.mcp.asking import ASK
from stoa.api.mcp.catalog import Asked, Tool
from stoa.api.mcp.choosing import Named, chosen
from stoa.api.mcp.documents import read_part, uri_of
from stoa.api.mcp.forming import tool
from stoa.api.mcp.links import url_of
from stoa.api.search import Found, searched

_DOCUMENTS = 10
_PASSAGES = 30
"""Found to make up the documents of one answer."""


class SearchArguments(Form):
    query: Annotated[str, Field(min_length=1, max_length=2000, description="What to look for: a question, or words.")]
    collections: Named = None
    limit: Annotated[Whole, Field(ge=1, le=50, description="Documents at most.")] = _DOCUMENTS
    paths: Annotated[Words, Field(description="Only documents whose path is like one of these globs, such as policies/*")] = ()
    languages: Annotated[Words, Field(description="Only documents in these languages, such as en or de.")] = ()
    since: Annotated[Date | None, Field(description="Only documents dated then or later, such as 2026 or 2026-03-14.")] = None
    until: Annotated[Date | None, Field(description="Only documents dated then or earlier.")] = None


class Result(View):
    """A document; `text` are the passages of it that fit the query."""

    id: str
    title: str
    url: str
    text: str
    collection: str
    path: str
    score: float


class Results(View):
    """The best first."""

    results: list[Result]


class FetchArguments(Form):
    id: Annotated[str, Field(min_length=1, max_length=100, description="The id of a document, as search gives it.")]
    offset: Annotated[Whole, Field(ge=0, description="Begin at this character, to go on reading a long one.")] = 0


class Fetched(View):
    """A document's text. `metadata` has `next_offset` where there is more of it than one answer holds."""

    id: str
    title: str
    text: str
    url: str
    metadata: dict[str, str | int | None]


class NoArguments(Form):
    pass


class ListedCollection(View):
    name: str
    description: str
    documents: int
    """Those that the user may read."""


class ListedCollections(View):
    collections: list[ListedCollection]


async def search(asked: Asked, wanted: SearchArguments) -> Results:
    caller = asked.to("passage:search")
    collections = await chosen(asked, caller, wanted.collections)
    narrowed = Filters(paths=wanted.paths, languages=wanted.languages, since=wanted.since, until=wanted.until)
    await asked.report.progress(0, 2, f"Collections to search: {len(collections)}")
    found, _ = await searched(
        asked.parts, caller, collections, wanted.query, limit=max(_PASSAGES, 2 * wanted.limit), wanted=search_filter(narrowed)
    )
    asked.held.note(*(each.document for each in found))
    await asked.report.progress(1, 2, f"Passages found: {len(found)}")
    by_document: dict[str, list[Found]] = {}
    for each in found:
        by_document.setdefault(each.document.id, []).append(each)
    results = [_result(asked, each) for each in list(by_document.values())[: wanted.limit]]
    await asked.report.progress(2, 2, f"Documents: {len(results)}")
    await asked.report.log(f"Collections searched: {len(collections)}; passages found: {len(found)}, documents: {len(results)}")
    return Results(results=results)


async def fetch(asked: Asked, wanted: FetchArguments) -> Fetched:
    part = await read_part(asked, wanted.id, start=wanted.offset)
    document = part.document
    metadata: dict[str, str | int | None] = {
        "collection": document.collection, "path": document.path, "source": document.source, "pages": document.pages,
        "updated_at": moment(document.updated_at).isoformat(timespec="seconds"), "uri": uri_of(document),
        "offset": part.start, "characters": part.characters,
        "next_offset": part.end if part.end < part.characters else None,
    }  # fmt: skip
    return Fetched(
        id=document.id, title=document.title, text=part.text, url=url_of(asked, document.collection, document.id),
        metadata={name: value for name, value in metadata.items() if value is not None},
    )  # fmt: skip


async def list_collections(asked: Asked, wanted: NoArguments) -> ListedCollections:
    async with asked.parts.read() as stores:
        found = await collections_for(stores, asked.to("collection:list"))
    names = [each.name for each in found]
    asked.held.collections.update(names)
    async with asked.parts.database.read() as connection:
        counts = await DatabaseLibrary(connection).documents.open_counts(names, acl=asked.caller.principal.acl)
    return ListedCollections(
        collections=[
            ListedCollection(name=each.name, description=each.description, documents=counts.get(each.name, 0)) for each in found
        ]
    )


def _result(asked: Asked, found: Sequence[Found]) -> Result:
    document = found[0].document
    texts = [_passage(each) for each in sorted(found, key=lambda each: each.passage.start)]
    return Result(
        id=document.id, title=document.title, url=url_of(asked, document.collection, document.id),
        text="\n\n[...]\n\n".join(texts), collection=document.collection, path=document.path,
        score=round(found[0].passage.score, 4),
    )  # fmt: skip


def _passage(found: Found) -> str:
    place = [" > ".join(found.passage.heading)] if found.passage.heading else []
    place += [f"page {found.passage.page}"] if found.passage.page else []
    return f"({', '.join(place)})\n{found.passage.text}" if place else found.passage.text


TOOLS: Sequence[Tool] = (
    tool(
        "search", "Search documents",
        "Search the organisation's documents by meaning and by words. Gives documents with the passages that fit, the best "
        "first; read a whole one with fetch. Only documents that the user may read are found.",
        SearchArguments, Results, search,
    ),
    tool(
        "fetch", "Read a document",
        "Read the text of a document that search found. A long one comes in parts: go on at metadata.next_offset.",
        FetchArguments, Fetched, fetch,
    ),
    tool(
        "list_collections", "List collections",
        "List the collections of documents that can be searched, with what each of them is about and how many of its documents "
        "the user may read.",
        NoArguments, ListedCollections, list_collections,
    ),
    ASK,
)  # fmt: skip
