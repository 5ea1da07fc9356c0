"""Who asks, and may they? The one way in which a route of `/api` and `/internal` names its action.

    router = APIRouter(tags=["groups"])

    @router.get("/api/groups")
    async def list_groups(caller: Annotated[Caller, allow("group:list")], parts: Parts) -> Page[GroupView]:
        async with parts.database.read() as connection:
            ...

`allow` authenticates, refuses whoever may not do the action even to what is their own, and hands over the Caller. Where it
matters whose the thing is (a key's team, a conversation's owner), the handler then asks `caller.require(Target(...))`, or
`caller.may(...)` to choose what to show. The router goes into `ROUTERS` in `api/control.py`; a route without `allow` fails
the tests.
"""

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

from fastapi import Depends, Request

from stoa.control.authentication import Presented, at_once, authenticate, on_behalf
from stoa.domain.behalf import verify
from stoa.domain.identity import ANONYMOUS, Principal
from stoa.errors import Forbidden
from stoa.policy.actions import ACTIONS
from stoa.policy.decide import Policy, Target, reach, refusal
from stoa.wiring import Control, now_ms

SESSION_COOKIE = "stoa_session"
CSRF_HEADER = "x-csrf-token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal of a request and the action it was let in for."""

    principal: Principal
    action: str
    policy: Policy

    def may(self, target: Target, action: str | None = None) -> bool:
        """Whether the action, or another one, may be done to this very thing."""
        return self.policy.decide(self.principal, action or self.action, target).allowed

    def require(self, target: Target) -> None:
        """Raises Forbidden, with the reason, unless the action may be done to this very thing."""
        decision = self.policy.decide(self.principal, self.action, target)
        if not decision.allowed:
            raise refusal(self.principal, self.action, decision)


class Allow:
    """The dependency behind `allow`; `action` is what tests and the route table read."""

    def __init__(self, action: str) -> None:
        self.action = action

    async def __call__(self, request: Request) -> Caller:
        parts = parts_of(request)
        presented = presented_by(request)
        principal = at_once(presented, internal_token=parts.secrets.internal_token)
        if principal is None:
            async with parts.read() as stores:
                principal = await authenticate(presented, stores, now_ms=now_ms())
        caller = Caller(principal, self.action, parts.policy)
        if not reach(parts.policy, principal, self.action):
            self._refuse(caller)
        if principal.kind == "user" and request.method not in _SAFE_METHODS and not reach(parts.policy, ANONYMOUS, self.action):
            require_csrf(request)
        return caller

    def _refuse(self, caller: Caller) -> NoReturn:
        raise refusal(
            caller.principal,
            self.action,
            caller.policy.decide(caller.principal, self.action, Target(ACTIONS[self.action].resource)),
        )


def allow(action: str) -> Any:  # Any: FastAPI's own type of a dependency marker
    """The dependency that lets in who may do `action` at least to what is their own."""
    return Depends(Allow(action))


class AllowOnBehalf(Allow):
    """The dependency of routes on `/v1`: the gateway has identified the caller, and says so in a token that only roles make."""

    async def __call__(self, request: Request) -> Caller:
        parts = parts_of(request)
        token = presented_by(request).bearer or ""
        behalf = verify(token, key=parts.secrets.behalf_key, now_s=time.time())
        async with parts.read() as stores:
            principal = await on_behalf(behalf, stores, now_ms=now_ms())
        caller = Caller(principal, self.action, parts.policy)
        if not reach(parts.policy, principal, self.action):
            self._refuse(caller)
        return caller


def allow_on_behalf(action: str) -> Any:  # Any: as above
    """The dependency of a route on `/v1`, which the gateway passes on."""
    return Depends(AllowOnBehalf(action))


def parts_of(request: Request) -> Control:
    return request.app.state.parts


Parts = Annotated[Control, Depends(parts_of)]
"""What control is made of: database, policy, secrets, features."""


def presented_by(request: Request) -> Presented:
    """The credentials in a request: a bearer token wins over a cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return Presented(bearer=token.strip())
    return Presented(session=request.cookies.get(SESSION_COOKIE))


def csrf_token(session: str) -> str:
    """What a page that was given the session answers with; another site can neither read nor derive it."""
    return hashlib.sha256(b"stoa csrf " + session.encode()).hexdigest()


def require_csrf(request: Request) -> None:
    """Raises Forbidden when a change asked for by cookie does not carry the session's token in its header."""
    session = request.cookies.get(SESSION_COOKIE, "")
    sent = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(sent.encode(), csrf_token(session).encode()):
        raise Forbidden(
            f"The header {CSRF_HEADER!r} is missing or does not belong to this session. GET /api/session tells the value.",
            code="csrf_token",
        )
