"""`/api/resources`: desired state, as `stoa apply` sends it."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query

from stoa.adapters.database.stores import DatabaseStores
from stoa.adapters.database.syncs import SyncTables
from stoa.api.access import Caller, Parts, allow
from stoa.api.description import RESOURCE
from stoa.api.forms import Flag, Form, View, described
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, place_of
from stoa.api.paging import page as paged
from stoa.control import desired
from stoa.control.reading import KIND_NAMES, kind_of, read_resource, require_kind
from stoa.control.sealing import mask
from stoa.domain.resources import Resource, Source
from stoa.errors import NotFound
from stoa.knowledge.sources.beginning import withdraw
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/resources", tags=["resources"])

Fields = dict[str, Any]  # Any: the fields of one of several kinds, in the form of `domain/resources.py`


_OF_KIND: Fields = {"enum": list(KIND_NAMES)}
Kind = Annotated[str, Path(json_schema_extra=_OF_KIND)]


class Application(Form):
    # Any: read by hand, so that each mistake is named with its resource
    resources: Annotated[list[Any], described(items={"$ref": RESOURCE})]
    dry_run: Flag = False


class ChangeView(View):
    kind: str
    name: str
    change: Literal["created", "changed", "unchanged"]
    before: Fields | None
    after: Fields


class Changes(View):
    changes: list[ChangeView]


class ResourcePage(View):
    data: list[Fields]
    next_cursor: str | None = None


def _fields(resource: Resource) -> Fields:
    return msgspec.to_builtins(mask(resource))


@router.get("")
async def list_resources(
    caller: Annotated[Caller, allow("resource:list")],
    parts: Parts,
    kind: Annotated[str | None, Query(description="Only of this kind.", json_schema_extra=_OF_KIND)] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> ResourcePage:
    """Those that were applied and that the caller may see, secrets masked."""
    if kind is not None:
        require_kind(kind)
    async with parts.read() as stores:
        every = await stores.resources.all()
    after = place_of(cursor) or ""
    shown = [
        each for each in every if _place(each) > after and kind in (None, kind_of(each)) and caller.may(desired.target_of(each))
    ]
    cut = paged(shown, limit=limit, view=lambda each: ResourcePage(data=[_fields(each)]), place=_place)
    return ResourcePage(data=[fields for each in cut.data for fields in each.data], next_cursor=cut.next_cursor)


@router.get("/{kind}/{name}")
async def read_one(kind: Kind, name: str, caller: Annotated[Caller, allow("resource:read")], parts: Parts) -> Fields:
    require_kind(kind)
    async with parts.read() as stores:
        resource = await desired.find(stores, kind, name)
    if not caller.may(desired.target_of(resource)):
        raise NotFound(f"There is no {kind} {name!r}.", param="name")
    return _fields(resource)


@router.post("/apply")
async def apply(wanted: Application, caller: Annotated[Caller, allow("resource:apply")], parts: Parts) -> Changes:
    """Create and change resources: all of them, or none when one of them is wrong. `dry_run` only tells what would change."""
    resources = [read_resource(sent, place=f"resources[{position}]") for position, sent in enumerate(wanted.resources)]
    async with parts.write() as stores:
        changes = await desired.apply(
            stores,
            resources,
            engine_url=parts.engine_url,
            sealer=parts.secrets,
            require=caller.require,
            by=caller.principal.id,
            now_ms=now_ms(),
            dry_run=wanted.dry_run,
        )
    return Changes(changes=[ChangeView(**msgspec.to_builtins(change)) for change in changes])


@router.delete("/{kind}/{name}", status_code=204)
async def delete(kind: Kind, name: str, caller: Annotated[Caller, allow("resource:delete")], parts: Parts) -> None:
    require_kind(kind)
    async with parts.database.write() as connection:
        resource = await desired.delete(
            DatabaseStores(connection), kind, name, engine_url=parts.engine_url, require=caller.require, by=caller.principal.id,
            now_ms=now_ms(),
        )  # fmt: skip
        if isinstance(resource, Source):
            await withdraw(SyncTables(connection), resource, by=caller.principal.id, now_ms=now_ms())


def _place(resource: Resource) -> str:
    return f"{kind_of(resource)}/{resource.name}"
