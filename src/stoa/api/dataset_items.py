"""`/api/datasets/{name}/items`: the examples of a dataset, added from requests or as JSON, searched, changed and removed."""

from contextlib import aclosing
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import Field

from stoa.adapters.database.datasets import DatasetTables
from stoa.adapters.database.opening import opener
from stoa.api.access import Caller, Parts, allow
from stoa.api.datasets import DatasetView, Name, Version, dataset_view, find_dataset, version_of, writing
from stoa.api.forms import Flag, Form, Moment, View, Whole, moment, moment_or_none
from stoa.api.gathering import Left, gathered
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.domain.datasets import Body, ItemQuery, Origin, Source, State
from stoa.errors import InvalidRequest, NotFound
from stoa.factory.datasets import New, Read, read_item, read_items
from stoa.factory.examples import body_of, expected_of, notes_of
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/datasets/{name}", tags=["datasets"])

Id = Annotated[str, Path(alias="id", max_length=40, description="Id of the example.")]
Message = dict[str, Any]  # Any: a message as JSON, in chat's form

MOST_REQUESTS = 500
MOST_SENT = 1000


class NewItems(Form):
    """Either `requests`, by their ids, or `items` as JSON: messages, and with them answer, expected, notes, tools."""

    requests: Annotated[list[str], Field(max_length=MOST_REQUESTS)] | None = None
    # Any: read by hand, so that each mistake is named with its place
    items: Annotated[list[Any], Field(max_length=MOST_SENT)] | None = None


class LeftView(View):
    """A request that is not in the dataset now, and why."""

    request: str
    reason: Left
    message: str


class AddedView(View):
    ids: list[str]
    left: list[LeftView]
    dataset: DatasetView


class ExampleOriginView(View):
    """Where it came from; of a request which, whose model answered, and the snapshot that decided."""

    source: Source
    request: str | None
    model: str | None
    snapshot: int | None
    asked_at: Moment | None
    masked: bool


class ExampleView(View):
    """`since` is the version in which the example became what it is. What it says is null where nobody can read it any more."""

    id: str
    since: int
    state: State
    origin: ExampleOriginView
    expires_at: Moment | None
    by: str
    at: Moment
    messages: list[Message] | None
    tools: list[Message] | None
    answer: Message | None
    expected: Message | None
    notes: str | None


class ChangedItem(Form):
    """What is left out stays. `expected` is text or a message of the assistant, null for none; `since` refuses to change what
    somebody else has changed meanwhile.
    """

    expected: str | Message | None = None
    notes: str | None = None
    since: Whole | None = None


class RemovedExamples(View):
    """How many examples were taken out of the current version."""

    removed: int
    dataset: DatasetView


class ExampleRemoval(Form):
    """With `erase` nobody reads them in earlier versions either."""

    ids: Annotated[list[str], Field(min_length=1, max_length=MOST_SENT)]
    erase: Flag = False


@router.get("/items")
async def list_items(
    name: Name,
    caller: Annotated[Caller, allow("dataset:read")],
    parts: Parts,
    version: Version = None,
    text: Annotated[str | None, Query(max_length=200, description="Only those that say this, in capitals or not.")] = None,
    model: Annotated[str | None, Query(max_length=200, description="Only those that this model answered.")] = None,
    request: Annotated[str | None, Query(max_length=64, description="Only the one of this request.")] = None,
    expected: Annotated[bool | None, Query(description="Only those with an expected answer, or without.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ExampleView]:
    """The examples of a version, in the order in which they were added. That they were read is recorded."""
    dataset = await find_dataset(parts, caller, name)
    query = ItemQuery(version_of(dataset, version), place_of(cursor), request or None, model or None, expected)
    await parts.readings.reads_dataset(caller.principal, dataset.name, version=query.version)
    read = opener(parts.database.read, DatasetTables)
    found: list[Read] = []
    every = read_items(
        read, dataset, query, seal=parts.seals, text=text or None, now_ms=now_ms(), slice_of=500 if text else limit + 1
    )
    async with aclosing(every):
        async for each in every:
            found.append(each)
            if len(found) > limit:
                break
    return page(found, limit=limit, view=_view, place=lambda each: each.item.id)


@router.post("/items", status_code=201)
async def add_items(name: Name, new: NewItems, caller: Annotated[Caller, allow("dataset:add")], parts: Parts) -> AddedView:
    """Put requests in, as far as their content is kept and the caller may read it, or examples as JSON: all or none of these.

    A copy of a request is sealed with the same key as its content, so it is erased with it, and goes when its time is over.
    """
    dataset = await find_dataset(parts, caller, name)
    if (new.requests is None) == (new.items is None):
        raise InvalidRequest("Name either 'requests' or 'items'.", param="requests")
    left: list[LeftView] = []
    if new.requests is not None:
        found, refused = await gathered(dataset, new.requests, caller, parts)
        left = [LeftView(request=request, reason=reason, message=message) for request, reason, message in refused]
    else:
        found = [New(_body(sent, f"items[{n}]"), Origin(source="given")) for n, sent in enumerate(new.items or [])]
    ids: list[str] = []
    if found:
        async with parts.database.write() as connection:
            ids += await writing(connection, parts, caller).add(dataset, found)
    return AddedView(ids=ids, left=left, dataset=dataset_view(await find_dataset(parts, caller, name), caller))


@router.get("/items/{id}")
async def read_one(
    name: Name, item_id: Id, caller: Annotated[Caller, allow("dataset:read")], parts: Parts, version: Version = None
) -> ExampleView:
    dataset = await find_dataset(parts, caller, name)
    asked = version_of(dataset, version)
    async with parts.database.read() as connection:
        item = await DatasetTables(connection).item(dataset.id, item_id, version=asked)
    if item is None:
        raise NotFound(f"There is no example {item_id!r} in version {asked} of {name!r}.", param="id")
    await parts.readings.reads_dataset(caller.principal, dataset.name, version=asked)
    return _view(read_item(item, parts.seals, now_ms=now_ms()))


@router.patch("/items/{id}")
async def change_item(
    name: Name, item_id: Id, change: ChangedItem, caller: Annotated[Caller, allow("dataset:update")], parts: Parts
) -> ExampleView:
    """Say which answer is to be wished for, or note something. It becomes a new version; the earlier ones stay as they are."""
    dataset = await find_dataset(parts, caller, name)
    said = change.model_fields_set
    async with parts.database.write() as connection:
        changed = await writing(connection, parts, caller).change(
            dataset,
            item_id,
            expected=expected_of(change.expected) if "expected" in said else msgspec.UNSET,
            notes=notes_of(change.notes) if "notes" in said else msgspec.UNSET,
            since=change.since,
        )
    return _view(changed)


@router.post("/removals")
async def remove_items(
    name: Name, removal: ExampleRemoval, caller: Annotated[Caller, allow("dataset:update")], parts: Parts
) -> RemovedExamples:
    """Take examples out of the current version. Earlier ones keep them, unless they are erased."""
    dataset = await find_dataset(parts, caller, name)
    async with parts.database.write() as connection:
        removed = await writing(connection, parts, caller).remove(dataset, removal.ids, erase=removal.erase)
    return RemovedExamples(removed=removed, dataset=dataset_view(await find_dataset(parts, caller, name), caller))


def _body(sent: object, place: str) -> Body:
    try:
        return body_of(sent)
    except InvalidRequest as error:
        raise InvalidRequest(f"{place}: {error.message}", param=f"{place}.{error.param}" if error.param else place) from None


def _view(read: Read) -> ExampleView:
    item, body, origin = read.item, read.body, read.item.origin
    return ExampleView(
        id=item.id,
        since=item.since,
        state=read.state,
        origin=ExampleOriginView(
            source=origin.source, request=origin.request, model=origin.model, snapshot=origin.snapshot,
            asked_at=moment_or_none(origin.asked_at), masked=origin.masked,
        ),
        expires_at=moment_or_none(item.expires_at),
        by=item.by,
        at=moment(item.at),
        messages=body.messages if body is not None else None,
        tools=body.tools if body is not None else None,
        answer=body.answer if body is not None else None,
        expected=body.expected if body is not None else None,
        notes=body.notes if body is not None else None,
    )  # fmt: skip
