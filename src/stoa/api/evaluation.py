"""`/api/evaluation-sets`: which passages are good and bad for a question, as people say, and how well the search does by that.

A set is for whoever may use its collection; a judgement only for those who may read its document now.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from stoa.adapters.database.evaluation import EvaluationTables
from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller, Parts, allow
from stoa.api.documents import find_document, parsed_text
from stoa.api.forms import Form, Moment, NewName, View, Whole, moment
from stoa.api.holdings import collection_named, collections_for
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.domain.documents import Document
from stoa.domain.evaluation import EvaluationSet, Judgement, Label
from stoa.domain.resources import Collection
from stoa.errors import Conflict, InvalidRequest, NotFound
from stoa.kit.names import did_you_mean, is_name
from stoa.wiring import Control, now_ms

router = APIRouter(prefix="/api/evaluation-sets", tags=["evaluation"])

Name = Annotated[str, Path()]

_LONGEST_PASSAGE = 20_000


class NewEvaluationSet(Form):
    name: NewName
    collection: str
    description: Annotated[str, Field(max_length=500)] = ""


class EvaluationSetView(View):
    """`queries` and `judgements` count what is in it, whoever may read what it is about."""

    name: str
    collection: str
    description: str
    queries: int
    judgements: int
    created_at: Moment


class NewJudgement(Form):
    """What is said of characters of a document for a query; `label` null takes it back.

    `digest`, as a search told it, makes sure that the offsets are of the document as it is now.
    """

    query: Annotated[str, Field(min_length=1, max_length=2000)]
    label: Label | None
    document_id: Annotated[str, Field(max_length=40)]
    start: Annotated[Whole, Field(ge=0)]
    end: Annotated[Whole, Field(ge=1)]
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class JudgementView(View):
    """`present` is whether the document is still the one that was judged, so that the offsets lie in its text."""

    label: Label
    document_id: str
    source: str
    path: str
    digest: str
    start: int
    end: int
    text: str
    present: bool
    judged_at: Moment


class ItemView(View):
    """A query and what is said of passages for it. `hidden` are judgements of documents that are gone, or not the caller's."""

    query: str
    judgements: list[JudgementView]
    hidden: int


@router.get("")
async def list_evaluation_sets(
    caller: Annotated[Caller, allow("evaluation:list")],
    parts: Parts,
    collection: Annotated[str | None, Query(description="Only those of this collection.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[EvaluationSetView]:
    """Of the collections that the caller may use, by name."""
    async with parts.read() as stores:
        usable = [each.name for each in await collections_for(stores, caller)]
    wanted = [name for name in usable if collection in (None, name)]
    async with parts.database.read() as connection:
        found = await EvaluationTables(connection).all(wanted)
    shown = [each for each in found if each.name > (place_of(cursor) or "")]
    return page(shown, limit=limit, view=_set_view, place=lambda each: each.name)


@router.post("", status_code=201)
async def create_evaluation_set(
    new: NewEvaluationSet, caller: Annotated[Caller, allow("evaluation:create")], parts: Parts
) -> EvaluationSetView:
    if not is_name(new.name):
        raise InvalidRequest(
            f"{new.name!r} cannot name an evaluation set: use lower case, digits, dots, dashes and underscores.", param="name"
        )
    async with parts.read() as stores:
        collection = await collection_named(stores, caller, new.collection)
    made = EvaluationSet(
        name=new.name, collection=collection.name, description=new.description, created_by=caller.principal.id,
        created_at=now_ms(),
    )  # fmt: skip
    async with parts.database.write() as connection:
        if not await EvaluationTables(connection).add(made):
            raise Conflict(f"There is an evaluation set {new.name!r} already; choose another name.", param="name")
    return _set_view(made)


@router.get("/{name}")
async def read_evaluation_set(
    name: Name, caller: Annotated[Caller, allow("evaluation:read")], parts: Parts
) -> EvaluationSetView:
    found, _ = await find_set(parts, caller, name)
    return _set_view(found)


@router.delete("/{name}", status_code=204)
async def delete_evaluation_set(name: Name, caller: Annotated[Caller, allow("evaluation:delete")], parts: Parts) -> None:
    """With all judgements in it."""
    await find_set(parts, caller, name)
    async with parts.database.write() as connection:
        await EvaluationTables(connection).remove(name)


@router.get("/{name}/items")
async def list_items(
    name: Name,
    caller: Annotated[Caller, allow("evaluation:read")],
    parts: Parts,
    query: Annotated[str | None, Query(max_length=2000, description="Only what is said for this very query.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ItemView]:
    """Queries in the order of the alphabet, each with what is said of passages."""
    await find_set(parts, caller, name)
    async with parts.database.read() as connection:
        tables = EvaluationTables(connection)
        queries = [query] if query else await tables.queries(name, after=place_of(cursor), limit=limit + 1)
        judgements = await tables.judgements(name, queries)
        readable = await readable_of(DatabaseLibrary(connection), judgements, caller)
    items = [_item(each, judgements, readable) for each in queries]
    return page(items, limit=limit, view=lambda item: item, place=lambda item: item.query)


@router.put("/{name}/judgements")
async def put_judgement(
    name: Name, new: NewJudgement, caller: Annotated[Caller, allow("evaluation:judge")], parts: Parts
) -> EvaluationSetView:
    """Say that a passage is good or bad for a query, or take that back. Saying it again changes nothing."""
    found, collection = await find_set(parts, caller, name)
    document, _ = await find_document(parts, caller, new.document_id)
    if document.collection != collection.name:
        raise InvalidRequest(
            f"The document is of the collection {document.collection!r}, and the set of {collection.name!r}.",
            param="document_id",
        )
    if new.digest is not None and new.digest != document.digest:
        raise Conflict(f"The document {document.path!r} has changed since the search; search again.", param="digest")
    text = (await parsed_text(parts, document, collection)).text
    if not new.start < new.end <= len(text) or new.end - new.start > _LONGEST_PASSAGE:
        raise InvalidRequest(
            f"{new.start} to {new.end} is no passage: the text has characters 0 to {len(text)}, and a passage at most "
            f"{_LONGEST_PASSAGE:,} of them.",
            param="start",
        )
    judgement = Judgement(
        query=new.query, label=new.label or "good", document_id=document.id, source=document.source, path=document.path,
        digest=document.digest, start=new.start, end=new.end, text=text[new.start : new.end],
        judged_by=caller.principal.id, judged_at=now_ms(),
    )  # fmt: skip
    async with parts.database.write() as connection:
        tables = EvaluationTables(connection)
        if new.label is None:
            await tables.take_back(name, judgement)
        else:
            await tables.judge(name, [judgement])
        found = await tables.find(name) or found
    return _set_view(found)


@router.get("/{name}/export", response_class=StreamingResponse)
async def export_evaluation_set(
    name: Name, caller: Annotated[Caller, allow("evaluation:read")], parts: Parts
) -> StreamingResponse:
    """JSON lines, one item each, as `items` tells them."""
    await find_set(parts, caller, name)
    headers = {"content-disposition": f'attachment; filename="{name}.jsonl"', "cache-control": "private, no-store"}
    return StreamingResponse(_lines(parts, caller, name), media_type="application/jsonl", headers=headers)


async def _lines(parts: Control, caller: Caller, name: str) -> AsyncGenerator[bytes]:
    after: str | None = None
    while True:
        async with parts.database.read() as connection:
            tables = EvaluationTables(connection)
            queries = await tables.queries(name, after=after, limit=100)
            judgements = await tables.judgements(name, queries)
            readable = await readable_of(DatabaseLibrary(connection), judgements, caller)
        for query in queries:
            yield msgspec.json.encode(_item(query, judgements, readable).model_dump(mode="json")) + b"\n"
        if not queries:
            return
        after = queries[-1]


async def find_set(parts: Control, caller: Caller, name: str) -> tuple[EvaluationSet, Collection]:
    """A set of a collection to which the caller may do what the route is about. Raises NotFound for every other."""
    async with parts.read() as stores:
        usable = {each.name: each for each in await collections_for(stores, caller)}
    async with parts.database.read() as connection:
        tables = EvaluationTables(connection)
        found = await tables.find(name)
        if found is not None and found.collection in usable:
            return found, usable[found.collection]
        known = [each.name for each in await tables.all(list(usable))]
    raise NotFound(f"There is no evaluation set {name!r} here for you.{did_you_mean(name, known)}", param="name")


async def readable_of(library: DatabaseLibrary, judgements: Sequence[Judgement], caller: Caller) -> Mapping[str, Document]:
    """The documents of judgements that the caller may read, by id."""
    found = await library.documents.read(sorted({each.document_id for each in judgements}))
    acl = caller.principal.acl
    return {each.id: each for each in found.values() if each.state != "removed" and each.rights.open_to(acl)}


def _item(query: str, judgements: Sequence[Judgement], readable: Mapping[str, Document]) -> ItemView:
    of_it = [each for each in judgements if each.query == query]
    shown = [each for each in of_it if each.document_id in readable]
    return ItemView(
        query=query,
        judgements=[
            JudgementView(
                label=each.label, document_id=each.document_id, source=each.source, path=each.path, digest=each.digest,
                start=each.start, end=each.end, text=each.text, present=readable[each.document_id].digest == each.digest,
                judged_at=moment(each.judged_at),
            )
            for each in shown
        ],
        hidden=len(of_it) - len(shown),
    )  # fmt: skip


def _set_view(found: EvaluationSet) -> EvaluationSetView:
    return EvaluationSetView(
        name=found.name, collection=found.collection, description=found.description, queries=found.queries,
        judgements=found.judgements, created_at=moment(found.created_at),
    )  # fmt: skip
