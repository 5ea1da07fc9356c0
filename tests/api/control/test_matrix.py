"""Every route, every kind of principal: what policy says, pinned in matrix.txt, and what HTTP does."""

import difflib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi.routing import APIRoute

from stoa.adapters.policy import CedarPolicy
from stoa.api.access import Allow
from stoa.api.control import every_router
from stoa.domain.behalf import Behalf, mint
from stoa.domain.identity import ANONYMOUS, ROLES, Principal, Role
from stoa.policy.actions import ACTIONS, MODEL_ACTIONS
from stoa.policy.decide import Target, reach

if TYPE_CHECKING:
    from tests.api.conftest import Running

PINNED = Path(__file__).with_name("matrix.txt")
POLICY = CedarPolicy.default()

GATEWAY = (
    ("GET", "/v1/models", "models:list"),
    ("POST", "/v1/chat/completions", "chat:create"),
    ("POST", "/v1/completions", "chat:create"),
    ("POST", "/v1/responses", "chat:create"),
    ("POST", "/v1/messages", "chat:create"),
    ("POST", "/v1/messages/count_tokens", "chat:create"),
    ("POST", "/v1/explain", "chat:create"),
    ("POST", "/v1/guardrails/try", "guardrail:try"),
    ("POST", "/v1/assistants/try", "chat:create"),
    ("POST", "/v1/passages/search", "passage:search"),
    ("POST", "/v1/passages/of-document", "document:read"),
    ("POST", "/v1/passages/links", "document:read"),
    ("POST", "/v1/embeddings", "embeddings:create"),
    ("POST", "/v1/rerank", "rerank:create"),
    ("POST", "/v1/moderations", "moderations:create"),
    ("POST", "/v1/images/generations", "images:create"),
    ("POST", "/v1/images/edits", "images:create"),
    ("POST", "/v1/images/variations", "images:create"),
    ("POST", "/v1/audio/speech", "audio:create"),
    ("POST", "/v1/audio/transcriptions", "audio:create"),
    ("POST", "/v1/audio/translations", "audio:create"),
)
"""Decided when the snapshot is compiled; see test_snapshot.py in tests/control."""


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    action: str


def control_routes() -> Iterator[tuple[APIRoute, list[str]]]:
    """Every route of control, with the actions that it names."""
    for router in every_router():
        for route in router.routes:
            assert isinstance(route, APIRoute), f"{route} is no ordinary route, so it cannot name its action"
            yield route, [each.call.action for each in route.dependant.dependencies if isinstance(each.call, Allow)]


def routes() -> list[Route]:
    named = [Route(m, r.path, actions[0]) for r, actions in control_routes() for m in sorted(r.methods)]
    return [*named, *(Route(*each) for each in GATEWAY)]


def principals() -> dict[str, Principal]:
    """One of each kind, by a short name."""

    def one(kind: str, *roles: Role) -> Principal:
        return Principal(kind=kind, id="me", name="me", team="mine", roles=frozenset(roles), acl=frozenset({"team:mine"}))  # type: ignore[arg-type]

    return {
        "nobody": ANONYMOUS,
        "user": one("user"),
        **{f"user:{role}": one("user", role) for role in ROLES},
        **{f"key:{role}": one("management_key", role) for role in ROLES},
        "key:inference": one("inference_key"),
        "service": Principal(kind="service", id="stoa", name="stoa"),
    }


def cell(principal: Principal, action: str) -> str:
    """`-` no; `all` to anything; `own` to what is one's own or one's team's alone; of which kinds, if not all."""
    about = ACTIONS[action]
    kinds = set(about.kinds or (None,))
    theirs = {"team": "other", "owner": "other", "teams": frozenset({"other"}), "acl": frozenset({"group:other"})}
    own = {target.kind for target in reach(POLICY, principal, action)}
    foreign = {
        kind for kind in kinds if POLICY.decide(principal, action, Target(about.resource, "other", kind=kind, **theirs)).allowed
    }
    if not own:
        return "-"
    of = "" if own == kinds else ":" + "+".join(sorted(str(kind) for kind in own))
    return ("all" if foreign == own else "own") + of


def table() -> str:
    who = principals()
    rows = [["method", "path", "action", *who]]
    rows += [[r.method, r.path, r.action, *(cell(each, r.action) for each in who.values())] for r in routes()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows
    )


def test_every_route_names_exactly_one_action_that_there_is() -> None:
    for route, actions in control_routes():
        assert len(actions) == 1, f"{route.path} names {actions}; give it one `allow(...)`, see stoa.api.access"
        assert actions[0] in ACTIONS, f"{route.path} names {actions[0]!r}, which is not in stoa.policy.actions"


def test_the_matrix_is_as_pinned(tmp_path: Path) -> None:
    now, pinned = table(), PINNED.read_text() if PINNED.exists() else ""
    (tmp_path / "matrix.txt").write_text(now)
    changes = "\n".join(difflib.unified_diff(pinned.splitlines(), now.splitlines(), "pinned", "now", lineterm=""))
    assert now == pinned, f"Who may do what has changed. If it is meant: cp {tmp_path}/matrix.txt {PINNED}\n{changes}"


def test_nobody_is_let_in_beyond_the_door() -> None:
    open_to_all = {action for action in ACTIONS if reach(POLICY, ANONYMOUS, action)}
    assert open_to_all == {"page:read", "health:read", "openapi:read", "session:create"}


def test_no_credential_both_administers_and_calls_models_except_a_user_with_both_roles() -> None:
    for name, principal in principals().items():
        may = {action for action in ACTIONS if reach(POLICY, principal, action)}
        administers = may & {"user:create", "key:create", "resource:apply"}
        if name != "user:developer":  # developers are members who make keys for their own team
            assert not (administers and may & MODEL_ACTIONS), name


@pytest.mark.slow
async def test_http_refuses_exactly_whom_the_matrix_refuses(stoa: "Running") -> None:
    for name, principal in principals().items():
        caller = await _caller(stoa, name)
        behind_gateway = await _behind_gateway(stoa, name)
        for route in sorted(routes(), key=lambda each: each.action == "session:delete"):  # last: it ends the session
            if (route.method, route.path, route.action) in GATEWAY:
                continue
            path = route.path.replace("{path:path}", "chat").replace("{kind}", "Model")
            path = "/".join("x" if part.startswith("{") else part for part in path.split("/"))
            body = {"json": {}} if route.method in ("POST", "PUT", "PATCH") else {}
            on_behalf = route.path.startswith(("/v1", "/internal/file-search"))
            answer = await ((behind_gateway if on_behalf else None) or caller).request(route.method, path, **body)
            if on_behalf and behind_gateway is None:
                assert answer.status_code == 401, f"{name} came to {route} past the gateway, which lets it in nowhere"
                continue
            refused = answer.status_code in (401, 403)
            expected = cell(principal, route.action) == "-"
            assert refused == expected or _signs_in(route), f"{name}: {route} answered {answer.status_code} {answer.text}"
            if refused and name == "nobody":
                assert answer.status_code == 401


def _signs_in(route: Route) -> bool:
    return route.action == "session:create"


async def _caller(stoa: "Running", name: str) -> httpx.AsyncClient:
    kind, _, role = name.partition(":")
    if kind == "nobody":
        return stoa.client()
    if kind == "service":
        return stoa.client(stoa.parts.secrets.internal_token)
    if name == "key:inference":
        return await stoa.add_key("inference")
    if kind == "key":
        return await stoa.add_key(role, kind="management", role=role)
    return await stoa.add_user(name.replace(":", "-"), *([role] if role else []))


async def _behind_gateway(stoa: "Running", name: str) -> httpx.AsyncClient | None:
    """A client as the gateway passes it on, None for those whom it does not know."""
    async with stoa.parts.read() as stores:
        key = await stores.keys.find("inference") if name == "key:inference" else None
        user = await stores.users.find(name.replace(":", "-"))
    if key is None and user is None:
        return None
    behalf = Behalf(key=key.id) if key is not None else Behalf(user=user.id if user else None)
    return stoa.client(mint(behalf, key=stoa.parts.secrets.behalf_key, now_s=time.time()))
