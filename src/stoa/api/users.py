"""`/api/users`: people."""

from typing import Annotated

from fastapi import APIRouter

from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Flag, Form, Moment, NewName, RoleName, View, moment, moment_or_none
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.control.people import UserChange, create_user, update_user
from stoa.domain.users import User
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/users", tags=["users"])


class UserView(View):
    id: str
    name: str
    display_name: str
    team: str
    groups: list[str]
    roles: list[str]


class ListedUser(UserView):
    created_at: Moment
    disabled_at: Moment | None


class NewUser(Form):
    name: NewName
    display_name: str = ""
    team: str = "company"
    groups: tuple[str, ...] = ()
    roles: tuple[RoleName, ...] = ("member",)


class ChangedUser(Form):
    """Fields left out stay as they are."""

    display_name: str | None = None
    team: str | None = None
    groups: tuple[str, ...] | None = None
    roles: tuple[RoleName, ...] | None = None
    disabled: Flag | None = None


def view(user: User) -> UserView:
    return UserView(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        team=user.team,
        groups=list(user.groups),
        roles=list(user.roles),
    )


def _listed(user: User) -> ListedUser:
    return ListedUser(
        **view(user).model_dump(),
        created_at=moment(user.created_at_ms),
        disabled_at=moment_or_none(user.disabled_at_ms),
    )


@router.get("")
async def list_users(
    caller: Annotated[Caller, allow("user:list")], parts: Parts, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ListedUser]:
    async with parts.read() as stores:
        found = await stores.users.page(after=place_of(cursor), limit=limit + 1)
    return page(found, limit=limit, view=_listed, place=lambda user: user.name)


@router.post("", status_code=201)
async def add_user(new: NewUser, caller: Annotated[Caller, allow("user:create")], parts: Parts) -> ListedUser:
    async with parts.write() as stores:
        user = await create_user(
            stores,
            name=new.name,
            display_name=new.display_name,
            team=new.team,
            groups=new.groups,
            roles=new.roles,
            now_ms=now_ms(),
        )
    return _listed(user)


@router.patch("/{name}")
async def change_user(
    name: str, change: ChangedUser, caller: Annotated[Caller, allow("user:update")], parts: Parts
) -> ListedUser:
    async with parts.write() as stores:
        return _listed(await update_user(stores, name, UserChange(**change.model_dump()), now_ms=now_ms()))
