"""Signing in: one-time links, and the sessions they open. Of both only the SHA-256 of the token is kept."""

from typing import Protocol

import msgspec


class SignInLink(msgspec.Struct, frozen=True, kw_only=True):
    digest: str
    user_id: str
    expires_at_ms: int


class Session(msgspec.Struct, frozen=True, kw_only=True):
    digest: str
    user_id: str
    created_at_ms: int
    expires_at_ms: int


class SessionStore(Protocol):
    """Links and sessions of one transaction."""

    async def add_link(self, link: SignInLink) -> None: ...

    async def use_link(self, digest: str, *, now_ms: int) -> str | None:
        """Use a link up: the user's id for exactly one caller, None for a link that is unknown, expired or used."""
        ...

    async def add(self, session: Session) -> None: ...

    async def find(self, digest: str, *, now_ms: int) -> Session | None:
        """The session, unless it is over."""
        ...

    async def end(self, *, digest: str | None = None, user_id: str | None = None) -> None:
        """End one session, or all of a user."""
        ...

    async def forget_expired(self, *, now_ms: int) -> None:
        """Delete links and sessions that nobody can use any more."""
        ...
