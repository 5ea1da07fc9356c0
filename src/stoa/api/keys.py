"""`/api/keys`: credentials of applications and of administration."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime

from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import (
    Dollars,
    Form,
    Moment,
    NewName,
    RoleName,
    View,
    Whole,
    amount,
    described,
    milliseconds,
    moment,
    moment_or_none,
)
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.control.authentication import nesting_in
from stoa.control.keys import KeyWish, create_key, find_key, revoke_key
from stoa.domain.keys import Key
from stoa.domain.nesting import Nesting
from stoa.domain.periods import PERIODS
from stoa.domain.users import access_tags
from stoa.kit.names import NAME
from stoa.policy.decide import Target
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/keys", tags=["keys"])


class KeyView(View):
    id: str
    name: str
    kind: str
    hint: str
    team: str
    role: str | None
    groups: list[str]
    requests_per_minute: int | None
    tokens_per_minute: int | None
    parallel: int | None
    budget_nano_usd: int | None
    budget_period: str | None
    """Such as `month UTC`: the period, and the time zone that it begins in."""
    project: str | None
    created_by: str
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None


class MadeKey(KeyView):
    key: str
    """The key itself, this once."""


class NewKey(Form):
    name: NewName
    kind: Literal["inference", "management"] = "inference"
    team: str | None = None
    """The caller's own when left out."""
    groups: tuple[str, ...] = ()
    role: RoleName | None = None
    requests_per_minute: Annotated[Whole, described(minimum=0, maximum=2**31 - 1)] | None = None
    """null is the default limit, 0 is none."""
    tokens_per_minute: Annotated[Whole, described(minimum=1, maximum=2**63 - 1)] | None = None
    parallel: Annotated[Whole, described(minimum=1, maximum=2**31 - 1)] | None = None
    """Requests under way at once."""
    budget_usd: Dollars | None = None
    per: Annotated[str, described(enum=list(PERIODS))] | None = None
    """Of the budget; a month when left out."""
    time_zone: Annotated[str, described(examples=["Europe/Berlin"])] | None = None
    """Where the budget's period begins; UTC when left out."""
    project: Annotated[str, described(pattern=f"^{NAME}$")] | None = None
    """The tag of requests that name none."""
    expires_at: AwareDatetime | None = None


def _view(key: Key) -> KeyView:
    return KeyView(
        id=key.id,
        name=key.name,
        kind=key.kind,
        hint=key.hint,
        team=key.team,
        role=key.role,
        groups=list(key.groups),
        requests_per_minute=key.requests_per_minute,
        tokens_per_minute=key.tokens_per_minute,
        parallel=key.parallel,
        budget_nano_usd=key.budget,
        budget_period=key.budget_period,
        project=key.project,
        created_by=key.created_by,
        created_at=moment(key.created_at_ms),
        expires_at=moment_or_none(key.expires_at_ms),
        revoked_at=moment_or_none(key.revoked_at_ms),
    )


def _target(key: Key, nesting: Nesting) -> Target:
    return Target("Credential", key.id, kind=key.kind, team=key.team, acl=access_tags(key.team, key.groups, nesting))


@router.get("")
async def list_keys(
    caller: Annotated[Caller, allow("key:list")], parts: Parts, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[KeyView]:
    """Those that the caller may see, in the order in which they were made; revoked ones too."""
    async with parts.read() as stores:
        found, nesting = await stores.keys.page(after=place_of(cursor), limit=None), await nesting_in(stores)
    return page([key for key in found if caller.may(_target(key, nesting))], limit=limit, view=_view, place=lambda key: key.id)


@router.post("", status_code=201)
async def add_key(new: NewKey, caller: Annotated[Caller, allow("key:create")], parts: Parts) -> MadeKey:
    team = new.team or caller.principal.team or ""
    async with parts.read() as stores:
        held = access_tags(team, new.groups, await nesting_in(stores))
    caller.require(Target("Credential", new.name, kind=new.kind, team=team, acl=held))
    wish = KeyWish(
        name=new.name,
        kind=new.kind,
        team=team,
        groups=new.groups,
        role=new.role,
        requests_per_minute=new.requests_per_minute,
        tokens_per_minute=new.tokens_per_minute,
        parallel=new.parallel,
        budget=amount(new.budget_usd, param="budget_usd"),
        per=new.per,
        time_zone=new.time_zone,
        project=new.project,
        expires_at_ms=None if new.expires_at is None else milliseconds(new.expires_at),
    )
    async with parts.write() as stores:
        secret, key = await create_key(stores, wish, by=caller.principal.id, now_ms=now_ms())
    return MadeKey(key=secret, **_view(key).model_dump())


@router.delete("/{name_or_id}")
async def remove_key(name_or_id: str, caller: Annotated[Caller, allow("key:revoke")], parts: Parts) -> KeyView:
    """Revoke a key: worthless on every gateway within two seconds."""
    async with parts.write() as stores:
        key = await find_key(stores, name_or_id)
        caller.require(_target(key, await nesting_in(stores)))
        return _view(await revoke_key(stores, key, now_ms=now_ms()))
