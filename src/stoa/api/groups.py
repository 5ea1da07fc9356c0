"""`/api/groups`: who may read what, beside their team's documents. A group may hold others."""

from typing import Annotated

from fastapi import APIRouter

from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Form, Moment, NewName, View, moment
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.control.people import create_group, update_group
from stoa.domain.teams import Group
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/groups", tags=["groups"])


class GroupView(View):
    """`groups` are those within it: whoever is in one of them is in this one too."""

    name: str
    groups: list[str]
    created_at: Moment


class NewGroup(Form):
    name: NewName
    groups: tuple[str, ...] = ()


class ChangedGroup(Form):
    """`groups` in the place of those that it held."""

    groups: tuple[str, ...]


def _view(group: Group) -> GroupView:
    return GroupView(name=group.name, groups=list(group.groups), created_at=moment(group.created_at_ms))


@router.get("")
async def list_groups(
    caller: Annotated[Caller, allow("group:list")], parts: Parts, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[GroupView]:
    async with parts.read() as stores:
        found = [group for group in await stores.groups.all() if group.name > (place_of(cursor) or "")]
    return page(found, limit=limit, view=_view, place=lambda group: group.name)


@router.post("", status_code=201)
async def add_group(new: NewGroup, caller: Annotated[Caller, allow("group:create")], parts: Parts) -> GroupView:
    async with parts.write() as stores:
        return _view(await create_group(stores, name=new.name, groups=new.groups, now_ms=now_ms()))


@router.patch("/{name}")
async def change_group(
    name: str, changed: ChangedGroup, caller: Annotated[Caller, allow("group:update")], parts: Parts
) -> GroupView:
    """In force within two seconds for whoever is in one of the groups."""
    async with parts.write() as stores:
        return _view(await update_group(stores, name, changed.groups, now_ms=now_ms()))
