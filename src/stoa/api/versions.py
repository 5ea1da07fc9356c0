"""`/api/resources/{kind}/{name}/versions`: what a resource was, who changed what of it, and back to how it was."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query

from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Flag, Form, Moment, View, moment
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, offset_of, to_cursor
from stoa.api.resources import ChangeView, Fields, Kind
from stoa.control.history import History, restore
from stoa.control.reading import require_kind
from stoa.domain.stores import Stores
from stoa.domain.versions import ResourceVersion, VersionChange
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/resources/{kind}/{name}/versions", tags=["resources"])

_MOST = 2**31 - 1
Version = Annotated[int, Path(ge=1, le=_MOST, description="Number of the version.")]


class ResourceVersionView(View):
    """`fields` are the paths of what differs from the version before. `by` is the id of a user or a key, `author` the name that
    they have now, null where there is none of that id any more. `forgotten` is one of which only that is still known.
    """

    version: int
    change: VersionChange
    fields: list[str]
    restored: int | None
    """The version that it was taken from."""
    by: str
    author: str | None
    at: Moment
    forgotten: bool


class ResourceVersionDetail(ResourceVersionView):
    """`resource` is null where it was deleted, or what the version said is forgotten. Secrets are masked."""

    resource: Fields | None


class DifferenceView(View):
    """`field` is a path such as `prompt` or `targets[1].weight`; null is a field that is left out."""

    field: str
    before: Any  # Any: the value of any field
    after: Any  # Any: as above


class Differences(View):
    """`against` is null for the first version that is kept, or may be seen: all its fields are new then."""

    version: int
    against: int | None
    differences: list[DifferenceView]


class Restoration(Form):
    dry_run: Flag = False


@router.get("")
async def list_resource_versions(
    kind: Kind,
    name: str,
    caller: Annotated[Caller, allow("resource:read")],
    parts: Parts,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ResourceVersionView]:
    """The newest first, of a deleted resource too. Whoever may read the resource sees those that they could have read then."""
    async with parts.read() as stores:
        found, following = await _history(stores, kind, name, caller).page(before=offset_of(cursor) or None, limit=limit)
        names = await _names(stores, (each.by for each in found))
    data = [ResourceVersionView(**_told(each, names)) for each in found]
    return Page(data=data, next_cursor=to_cursor(str(following)) if following is not None else None)


@router.get("/{version}")
async def read_resource_version(
    kind: Kind, name: str, version: Version, caller: Annotated[Caller, allow("resource:read")], parts: Parts
) -> ResourceVersionDetail:
    async with parts.read() as stores:
        found = await _history(stores, kind, name, caller).get(version)
        names = await _names(stores, [found.by])
    return ResourceVersionDetail(**_told(found, names), resource=dict(found.spec) if found.spec is not None else None)


@router.get("/{version}/diff")
async def compare_resource_versions(
    kind: Kind,
    name: str,
    version: Version,
    caller: Annotated[Caller, allow("resource:read")],
    parts: Parts,
    against: Annotated[int | None, Query(ge=1, le=_MOST, description="The one before it if left out.")] = None,
) -> Differences:
    """What differs in a version from another one. A secret that was replaced in between is a mask on both sides."""
    async with parts.read() as stores:
        history = _history(stores, kind, name, caller)
        after = await history.get(version)
        before = await history.before(version) if against is None else await history.get(against)
        found = await history.compare(before, after)
    return Differences(
        version=version,
        against=before.version if before is not None else None,
        differences=[DifferenceView(**msgspec.to_builtins(each)) for each in found],
    )


@router.post("/{version}/restore")
async def restore_resource_version(
    kind: Kind,
    name: str,
    version: Version,
    caller: Annotated[Caller, allow("resource:apply")],
    parts: Parts,
    wanted: Restoration | None = None,
) -> ChangeView:
    """Apply the resource as it was, which makes a new version. Secrets stay as they are now.

    Refused where it cannot be as it was: something that it refers to is gone, or a secret that no version keeps.
    """
    async with parts.write() as stores:
        change = await restore(
            stores,
            _history(stores, kind, name, caller),
            version,
            engine_url=parts.engine_url,
            sealer=parts.secrets,
            require=caller.require,
            by=caller.principal.id,
            now_ms=now_ms(),
            dry_run=wanted is not None and wanted.dry_run,
        )
    return ChangeView(**msgspec.to_builtins(change))


@router.delete("/{version}", status_code=204)
async def forget_resource_version(
    kind: Kind, name: str, version: Version, caller: Annotated[Caller, allow("resource:delete")], parts: Parts
) -> None:
    """Take away what an earlier version said, such as a name that should not have stood there. It cannot be taken back.

    That there was one, by whom, when and which fields it changed stays known.
    """
    async with parts.write() as stores:
        await stores.revision.advance(now_ms=now_ms())
        await _history(stores, kind, name, caller).forget(version)


def _history(stores: Stores, kind: str, name: str, caller: Caller) -> History:
    require_kind(kind)
    return History(stores, kind, name, may=caller.may)


async def _names(stores: Stores, ids: Iterable[str]) -> dict[str, str]:
    """The present names of users and keys."""
    found: dict[str, str] = {}
    for each in set(ids):
        user = await stores.users.get(each)
        key = await stores.keys.find(each) if user is None else None
        if user is not None:
            found[each] = user.name
        elif key is not None and key.id == each:
            found[each] = key.name
    return found


def _told(version: ResourceVersion, names: dict[str, str]) -> dict[str, Any]:  # Any: values of a view's fields
    return {
        "version": version.version,
        "change": version.change,
        "fields": list(version.fields),
        "restored": version.restored,
        "by": version.by,
        "author": names.get(version.by),
        "at": moment(version.at_ms),
        "forgotten": version.forgotten,
    }
