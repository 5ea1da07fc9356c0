"""Signing in with a one-time link: the link opens one session, once, whoever is first."""

from datetime import timedelta

from stoa.domain.sessions import Session, SignInLink
from stoa.domain.stores import Stores
from stoa.domain.users import User
from stoa.errors import Conflict, NotFound, Unauthenticated
from stoa.kit.names import did_you_mean
from stoa.kit.tokens import digest, new_token


async def make_link(stores: Stores, user_name: str, *, lifetime: timedelta, now_ms: int) -> tuple[str, int]:
    """A token that signs the user in, and when it expires. Raises NotFound, and Conflict for a disabled user."""
    user = await stores.users.find(user_name)
    if user is None:
        known = [user.name for user in await stores.users.page(after=None, limit=None)]
        raise NotFound(f"There is no user {user_name!r}.{did_you_mean(user_name, known)}", param="user")
    if user.disabled_at_ms is not None:
        raise Conflict(f"The user {user_name!r} is disabled.", param="user")
    token, expires_at_ms = new_token(), now_ms + _milliseconds(lifetime)
    await stores.sessions.forget_expired(now_ms=now_ms)
    await stores.sessions.add_link(SignInLink(digest=digest(token), user_id=user.id, expires_at_ms=expires_at_ms))
    return token, expires_at_ms


async def sign_in(
    stores: Stores, token: str, *, lifetime: timedelta, now_ms: int, previous: str | None = None
) -> tuple[str, User]:
    """Use a link up: a fresh session token and its user. A session that the browser had before ends."""
    user_id = await stores.sessions.use_link(digest(token), now_ms=now_ms)
    user = await stores.users.get(user_id) if user_id is not None else None
    if user is None or user.disabled_at_ms is not None:
        raise Unauthenticated(
            "This sign-in link was used, has expired, or never was. Ask for a new one, or run `stoa login`.",
            code="sign_in_link",
        )
    if previous:
        await stores.sessions.end(digest=digest(previous))
    session = new_token()
    await stores.sessions.add(
        Session(digest=digest(session), user_id=user.id, created_at_ms=now_ms, expires_at_ms=now_ms + _milliseconds(lifetime))
    )
    return session, user


async def sign_out(stores: Stores, session: str) -> None:
    await stores.sessions.end(digest=digest(session))


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
