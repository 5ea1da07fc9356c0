"""`/api/sessions`, `/api/session` and `/api/sign-in-links`: signing in and out."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response

from stoa.api.access import SESSION_COOKIE, Caller, Parts, allow, csrf_token
from stoa.api.attempts import Attempts
from stoa.api.description import ANYBODY
from stoa.api.forms import Form, Moment, View, moment
from stoa.api.users import UserView, view
from stoa.control.authentication import of_user
from stoa.control.sign_in import make_link, sign_in, sign_out
from stoa.domain.users import User
from stoa.errors import Unauthenticated
from stoa.policy.decide import PLATFORM, Target
from stoa.wiring import Control, now_ms

router = APIRouter(prefix="/api", tags=["sessions"])


class Rights(View):
    """What the page offers this user beside the user's own; each route still decides by itself."""

    see_models: bool
    """Models, routes and providers, and how they are doing."""
    change_routes: bool
    change_assistants: bool
    """Those of the user's own team at least."""
    change_guardrails: bool
    change_providers: bool
    change_sources: bool
    run_replays: bool
    see_budgets: bool
    """What is spent of every budget."""
    see_datasets: bool
    fill_datasets: bool
    """Those of the user's own team at least."""


class SessionView(View):
    user: UserView
    rights: Rights
    csrf_token: str
    """To be sent as x-csrf-token with everything that changes something."""


class SignIn(Form):
    token: str


class LinkFor(Form):
    user: str


class LinkView(View):
    url: str
    expires_at: Moment


@router.post("/sessions", status_code=201, openapi_extra=ANYBODY)
async def create_session(
    sent: SignIn, request: Request, response: Response, caller: Annotated[Caller, allow("session:create")], parts: Parts
) -> SessionView:
    """Use a sign-in link up. A new session each time; one that the browser had before ends."""
    lifetime = timedelta(hours=parts.settings.control.session_hours)
    previous = request.cookies.get(SESSION_COOKIE)
    try:
        async with parts.write() as stores:
            session, user = await sign_in(stores, sent.token, lifetime=lifetime, now_ms=now_ms(), previous=previous)
    except Unauthenticated:
        attempts: Attempts = request.app.state.attempts
        attempts.failed(request.client.host if request.client else "unknown", now_ms=now_ms())
        raise
    _set_cookie(response, session, parts, max_age=int(lifetime.total_seconds()))
    return _session(user, session, parts)


@router.get("/session")
async def read_session(request: Request, caller: Annotated[Caller, allow("session:read")], parts: Parts) -> SessionView:
    async with parts.read() as stores:
        user = await stores.users.get(caller.principal.id)
    if user is None:
        raise Unauthenticated("The user of this session is gone. Sign in again.", code="unauthenticated")
    return _session(user, request.cookies[SESSION_COOKIE], parts)


@router.delete("/session", status_code=204)
async def delete_session(
    request: Request, response: Response, caller: Annotated[Caller, allow("session:delete")], parts: Parts
) -> None:
    async with parts.write() as stores:
        await sign_out(stores, request.cookies[SESSION_COOKIE])
    _set_cookie(response, "", parts, max_age=0)


@router.post("/sign-in-links", status_code=201)
async def create_link(wanted: LinkFor, caller: Annotated[Caller, allow("sign_in_link:create")], parts: Parts) -> LinkView:
    """A link that signs a user in, once."""
    lifetime = timedelta(minutes=parts.settings.control.sign_in_link_minutes)
    async with parts.write() as stores:
        token, expires_at_ms = await make_link(stores, wanted.user, lifetime=lifetime, now_ms=now_ms())
    return LinkView(url=f"{parts.settings.url}/sign-in?token={token}", expires_at=moment(expires_at_ms))


def _session(user: User, session: str, parts: Control) -> SessionView:
    principal = of_user(user, {})  # which groups hold the user's does not matter to these actions

    def may(action: str, kind: str, team: str | None = None) -> bool:
        return parts.policy.decide(principal, action, Target("Desired", kind=kind, team=team)).allowed

    def may_datasets(action: str) -> bool:
        return parts.policy.decide(principal, action, Target("Dataset", team=user.team, owner=user.id)).allowed

    rights = Rights(
        see_models=may("resource:list", "Model"),
        change_routes=may("resource:apply", "Route"),
        change_assistants=may("resource:apply", "Assistant", user.team),
        change_guardrails=may("resource:apply", "Guardrail"),
        change_providers=may("resource:apply", "Provider"),
        change_sources=may("resource:apply", "Source"),
        run_replays=parts.policy.decide(principal, "replay:run", PLATFORM).allowed,
        see_budgets=parts.policy.decide(principal, "budget:list", PLATFORM).allowed,
        see_datasets=may_datasets("dataset:list"),
        fill_datasets=may_datasets("dataset:add"),
    )
    return SessionView(user=view(user), rights=rights, csrf_token=csrf_token(session))


def _set_cookie(response: Response, session: str, parts: Control, *, max_age: int) -> None:
    response.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="strict",
        secure=parts.settings.url.startswith("https://"),
    )
