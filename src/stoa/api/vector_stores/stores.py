"""`/v1/vector_stores`: the stores themselves, and searching one."""

from typing import Annotated

import msgspec
from fastapi import APIRouter

from stoa.adapters.database.vector_stores import VectorStoreTable
from stoa.api.access import Caller, Parts, allow_on_behalf
from stoa.api.files import team_of
from stoa.api.listing import Listing, listing
from stoa.api.vector_stores.finding import find_store, stores_for
from stoa.api.vector_stores.forms import (
    ChangedStore,
    DeletedView,
    NewFile,
    NewStore,
    ResultsView,
    StoreQuestion,
    StoreView,
    store_view,
    tokens_of,
)
from stoa.api.vector_stores.keeping import delete_store, put_files, save_collection
from stoa.api.vector_stores.searching import ask, shown
from stoa.api.vector_stores.span import Id, Spanned
from stoa.domain.resources import Collection
from stoa.domain.vector_stores import Held, VectorStore
from stoa.kit.ids import new_id
from stoa.policy.decide import Target
from stoa.wiring import Control, now_ms

router = APIRouter(prefix="/v1/vector_stores", tags=["vector stores"], include_in_schema=False)


@router.post("")
async def create_store(
    asked: NewStore, caller: Annotated[Caller, allow_on_behalf("vector_stores:create")], parts: Parts
) -> StoreView:
    """Make a collection of the caller's team, and put files into it."""
    team, now = team_of(caller), now_ms()
    name, tokens = new_id("vs"), tokens_of(asked.chunking_strategy)
    collection = Collection(name=name, team=team, description=asked.description or asked.name)
    if tokens is not None:
        collection = msgspec.structs.replace(collection, chunk_tokens=tokens)
    caller.require(Target("Collection", name, kind="vector_store", team=team))
    store = VectorStore(
        collection=name, name=asked.name, metadata=asked.metadata or {}, created_by=caller.principal.id, created_at=now,
        last_active_at=now, expires_days=asked.expires_after.days if asked.expires_after is not None else None,
    )  # fmt: skip
    async with parts.database.write() as connection:
        await save_collection(connection, parts, collection, by=caller.principal.id)
        await VectorStoreTable(connection).save(store)
    if asked.file_ids:
        async with parts.database.read() as connection:
            found = await find_store(connection, caller, name)
        await put_files(parts, caller, found, [NewFile(file_id=each) for each in asked.file_ids])
    return await _view(parts, caller, name)


@router.get("")
async def list_stores(
    caller: Annotated[Caller, allow_on_behalf("collection:list")],
    parts: Parts,
    span: Spanned,
) -> Listing[StoreView]:
    async with parts.database.read() as connection:
        table = VectorStoreTable(connection)
        found, held, applied = await stores_for(connection, caller), await table.held(), await table.applied_at()
    views = [
        store_view(
            each.collection, each.store, held.get(each.collection.name, Held()),
            applied_at=applied.get(each.collection.name, 0), now_ms=now_ms(),
        )
        for each in found
    ]  # fmt: skip
    views.sort(key=lambda view: (view.created_at, view.id), reverse=span.descending)
    ids = [view.id for view in views]
    first = ids.index(span.after) + 1 if span.after in ids else 0
    end = ids.index(span.before) if span.before in ids else len(ids)
    return listing(
        views[first:end], limit=span.limit, view=lambda view: view, id_of=lambda view: view.id, backwards=span.backwards
    )


@router.get("/{id}")
async def read_store(id_: Id, caller: Annotated[Caller, allow_on_behalf("collection:list")], parts: Parts) -> StoreView:
    return await _view(parts, caller, id_)


@router.post("/{id}")
async def change_store(
    id_: Id, asked: ChangedStore, caller: Annotated[Caller, allow_on_behalf("vector_stores:update")], parts: Parts
) -> StoreView:
    """What is left out stays; `null` takes metadata or an expiry away."""
    async with parts.database.write() as connection:
        found = await find_store(connection, caller, id_)
        assert found.store is not None, "the policy lets nobody change a collection that was applied"
        changes: dict[str, object] = {"last_active_at": now_ms()}
        if asked.name is not None:
            changes["name"] = asked.name
        if "metadata" in asked.model_fields_set:
            changes["metadata"] = asked.metadata or {}
        if "expires_after" in asked.model_fields_set:
            changes["expires_days"] = asked.expires_after.days if asked.expires_after is not None else None
        await VectorStoreTable(connection).save(msgspec.structs.replace(found.store, **changes))
    return await _view(parts, caller, id_)


@router.delete("/{id}")
async def remove_store(
    id_: Id, caller: Annotated[Caller, allow_on_behalf("vector_stores:delete")], parts: Parts
) -> DeletedView:
    """With all that is in it. The files themselves stay."""
    async with parts.database.write() as connection:
        found = await find_store(connection, caller, id_)
        await delete_store(connection, parts, found.collection.name, by=caller.principal.id)
    return DeletedView(id=id_, object="vector_store.deleted")


@router.post("/{id}/search")
async def search_store(
    id_: Id, asked: StoreQuestion, caller: Annotated[Caller, allow_on_behalf("passage:search")], parts: Parts
) -> ResultsView:
    """The passages that fit best, among those that the caller may read."""
    async with parts.database.read() as connection:
        found = await find_store(connection, caller, id_)
    queries, results = await ask(parts, caller, [found], asked)
    return ResultsView(search_query=queries, data=[shown(each) for each in results])


async def _view(parts: Control, caller: Caller, store_id: str) -> StoreView:
    reader = Caller(caller.principal, "collection:list", caller.policy)
    async with parts.database.read() as connection:
        table = VectorStoreTable(connection)
        found = await find_store(connection, reader, store_id)
        held = (await table.held(store_id)).get(store_id, Held())
        applied = (await table.applied_at()).get(store_id, 0)
    return store_view(found.collection, found.store, held, applied_at=applied, now_ms=now_ms())
