"""The tools `search`, `fetch` and `list_collections`: the first two in the form that assistants with connectors know.

`search` answers with documents, each with the passages of it that were found; `fetch` with one document's text.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import mcp_types as types
from pydantic import BaseModel, Field, ValidationError

from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.filtering import Date, Filters, Words, search_filter
from stoa.api.forms import Form, View, Whole, moment
from stoa.api.holdings import collection_named, collections_for
from stoa.api.mcp.catalog import Arguments, Asked, Tool
from stoa.api.mcp.documents import read_part, uri_of
from stoa.api.search import Found, searched
from stoa.domain.documents import Document
from stoa.errors import InvalidRequest

_DOCUMENTS = 10
_PASSAGES = 30
"""Found to make up the documents of one answer."""

_F = TypeVar("_F", bound=Form)


class SearchArguments(Form):
    query: Annotated[str, Field(min_length=1, max_length=2000, description="What to look for: a question, or words.")]
    collections: Annotated[
        tuple[str, ...] | None, Field(max_length=50, description="Only in these; everywhere if left out.")
    ] = None
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
    """Of everybody's, readable for you or not."""


class ListedCollections(View):
    collections: list[ListedCollection]


async def search(asked: Asked, wanted: SearchArguments) -> Results:
    caller = asked.to("passage:search")
    async with asked.parts.read() as stores:
        if wanted.collections is None:
            collections = await collections_for(stores, caller)
        else:
            collections = [await collection_named(stores, caller, each, param="collections") for each in wanted.collections]
    narrowed = Filters(paths=wanted.paths, languages=wanted.languages, since=wanted.since, until=wanted.until)
    await asked.report.progress(0, 2, f"Collections to search: {len(collections)}")
    found, _ = await searched(
        asked.parts, caller, collections, wanted.query, limit=max(_PASSAGES, 2 * wanted.limit), wanted=search_filter(narrowed)
    )
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
        id=document.id, title=document.title, text=part.text, url=_url(asked, document),
        metadata={name: value for name, value in metadata.items() if value is not None},
    )  # fmt: skip


async def list_collections(asked: Asked, wanted: NoArguments) -> ListedCollections:
    async with asked.parts.read() as stores:
        found = await collections_for(stores, asked.to("collection:list"))
    async with asked.parts.database.read() as connection:
        counts = await DatabaseLibrary(connection).documents.counts()
    return ListedCollections(
        collections=[
            ListedCollection(
                name=each.name, description=each.description,
                documents=held.documents if (held := counts.get(each.name)) else 0,
            )
            for each in found
        ]
    )  # fmt: skip


def _result(asked: Asked, found: Sequence[Found]) -> Result:
    document = found[0].document
    texts = [_passage(each) for each in sorted(found, key=lambda each: each.passage.start)]
    return Result(
        id=document.id, title=document.title, url=_url(asked, document), text="\n\n[...]\n\n".join(texts),
        collection=document.collection, path=document.path, score=round(found[0].passage.score, 4),
    )  # fmt: skip


def _passage(found: Found) -> str:
    place = [" > ".join(found.passage.heading)] if found.passage.heading else []
    place += [f"page {found.passage.page}"] if found.passage.page else []
    return f"({', '.join(place)})\n{found.passage.text}" if place else found.passage.text


def _url(asked: Asked, document: Document) -> str:
    """The document in the page, where people see it under their own rights."""
    return f"{asked.origin}/collections/{quote(document.collection, safe='')}/documents/{document.id}"


def _tool(
    name: str,
    title: str,
    description: str,
    arguments: type[_F],
    answer: type[BaseModel],
    call: Callable[[Asked, _F], Awaitable[BaseModel]],
) -> Tool:
    async def called(asked: Asked, given: Arguments) -> types.CallToolResult:
        told = await call(asked, _read(arguments, given))
        text = types.TextContent(type="text", text=told.model_dump_json())
        return types.CallToolResult(content=[text], structured_content=told.model_dump(mode="json"))

    about = types.Tool(
        name=name, title=title, description=description, input_schema=arguments.model_json_schema(),
        output_schema=answer.model_json_schema(),
        annotations=types.ToolAnnotations(title=title, read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    )  # fmt: skip
    return Tool(about, called)


def _read(form: type[_F], given: Mapping[str, Any]) -> _F:  # Any: JSON
    """Raises InvalidRequest that names the argument."""
    try:
        return form.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "arguments"
        if first["type"] == "extra_forbidden":
            known = ", ".join(form.model_fields)
            raise InvalidRequest(f"There is no argument {field!r}; there are {known}.", param=field) from None
        raise InvalidRequest(f"Argument {field!r}: {first['msg'][:1].lower()}{first['msg'][1:]}.", param=field) from None


TOOLS: Sequence[Tool] = (
    _tool(
        "search", "Search documents",
        "Search the organisation's documents by meaning and by words. Gives documents with the passages that fit, the best "
        "first; read a whole one with fetch. Only documents that the user may read are found.",
        SearchArguments, Results, search,
    ),
    _tool(
        "fetch", "Read a document",
        "Read the text of a document that search found. A long one comes in parts: go on at metadata.next_offset.",
        FetchArguments, Fetched, fetch,
    ),
    _tool(
        "list_collections", "List collections",
        "List the collections of documents that can be searched, with what each of them is about.",
        NoArguments, ListedCollections, list_collections,
    ),
)  # fmt: skip
