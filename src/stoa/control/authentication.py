"""From a credential to a principal. A credential that is wrong says so; none at all is the anonymous principal."""

import hmac
from dataclasses import dataclass

from stoa.domain.behalf import Behalf
from stoa.domain.identity import ANONYMOUS, Principal
from stoa.domain.keys import INFERENCE_PREFIX, Key
from stoa.domain.nesting import Nesting, nesting_of
from stoa.domain.stores import Stores
from stoa.domain.users import User
from stoa.errors import Unauthenticated
from stoa.kit.tokens import digest

SERVICE = Principal(kind="service", id="stoa", name="stoa")


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request brought: a bearer token, or the token of a session cookie."""

    bearer: str | None = None
    session: str | None = None


def at_once(presented: Presented, *, internal_token: str) -> Principal | None:
    """Who presents nothing, or is one of Stoa's own roles: known without the database, which may be away. None for others."""
    if presented.bearer is not None:
        own = hmac.compare_digest(presented.bearer.encode("utf-8", "replace"), internal_token.encode())
        return SERVICE if own else None
    return None if presented.session else ANONYMOUS


async def authenticate(presented: Presented, stores: Stores, *, now_ms: int) -> Principal:
    """Who presents this, unless it is known at once. Raises Unauthenticated for a bearer token that is not, or no longer, good.

    A session that is over is as if there were none, so that its owner can sign in again.
    """
    if presented.bearer is not None:
        return await _of_key(await _key(presented.bearer, stores, now_ms=now_ms), stores)
    if presented.session:
        session = await stores.sessions.find(digest(presented.session), now_ms=now_ms)
        user = await stores.users.get(session.user_id) if session else None
        if user is not None and user.disabled_at_ms is None:
            return of_user(user, await nesting_in(stores))
    return ANONYMOUS


async def on_behalf(behalf: Behalf | None, stores: Stores, *, now_ms: int) -> Principal:
    """The key or user that a verified token speaks for, as they are now. Raises Unauthenticated for everybody else."""
    if behalf is not None and behalf.key is not None:
        key = await stores.keys.find(behalf.key)
        if key is not None and key.id == behalf.key and key.usable(now_ms):
            return await _of_key(key, stores)
    if behalf is not None and behalf.user is not None:
        user = await stores.users.get(behalf.user)
        if user is not None and user.disabled_at_ms is None:
            return of_user(user, await nesting_in(stores))
    raise Unauthenticated("Send a key of Stoa to the gateway's /v1; the key may have been revoked meanwhile.")


def of_user(user: User, nesting: Nesting) -> Principal:
    roles, acl = frozenset(user.roles), user.tags(nesting)
    return Principal(kind="user", id=user.id, name=user.name, team=user.team, roles=roles, acl=acl)


def of_key(key: Key, nesting: Nesting, maker: User | None) -> Principal:
    kind = "inference_key" if key.kind == "inference" else "management_key"
    roles = () if key.role is None else (key.role,)
    acl = key.tags(nesting, maker)
    return Principal(kind=kind, id=key.id, name=key.name, team=key.team, roles=frozenset(roles), acl=acl)


async def nesting_in(stores: Stores) -> Nesting:
    """Which groups hold which, now."""
    return nesting_of(await stores.groups.nested())


async def _of_key(key: Key, stores: Stores) -> Principal:
    return of_key(key, await nesting_in(stores), await stores.users.get(key.created_by))


async def _key(token: str, stores: Stores, *, now_ms: int) -> Key:
    if not token.startswith(INFERENCE_PREFIX):
        raise Unauthenticated("This bearer token is not a key of Stoa; keys begin with 'sk-stoa-'.")
    key = await stores.keys.by_digest(digest(token))
    if key is None:
        raise Unauthenticated("This key is not known here. Make one with `stoa key create NAME`.")
    if not key.usable(now_ms):
        how = "was revoked" if key.revoked_at_ms is not None else "has expired"
        raise Unauthenticated(f"The key {key.name!r} {how}. Make a new one with `stoa key create NAME`.")
    return key
