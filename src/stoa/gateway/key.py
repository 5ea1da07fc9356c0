"""Stage 1, key: who asks. One digest and one look into the plan; everything else is the way to a helpful refusal."""

from collections.abc import Mapping
from hashlib import sha256

from stoa.domain.behalf import PREFIX, Behalf, verify
from stoa.errors import Forbidden, Unauthenticated
from stoa.gateway.plan import Client, Plan

_BEHALF = PREFIX.encode()
_MANAGEMENT = b"sk-stoa-mgmt-"
_MAKE_ONE = "Make one with `stoa key create NAME` and send it as `Authorization: Bearer sk-stoa-...`."


def identify(plan: Plan, headers: Mapping[bytes, bytes], behalf_key: bytes, now_s: float) -> Client:
    """The client that a request's credential stands for. Raises Unauthenticated or Forbidden."""
    authorization = headers.get(b"authorization")
    token = authorization[7:] if authorization is not None and authorization[:7] == b"Bearer " else _token(headers)
    client = plan.keys.get(sha256(token).digest())
    if client is None:
        client = _other(plan, token.strip(), behalf_key, now_s)
    expires = client.caller.expires_at_ms
    if expires is not None and now_s * 1000 >= expires:
        raise Unauthenticated(f"Key {client.caller.name!r} has expired. {_MAKE_ONE}")
    return client


def _token(headers: Mapping[bytes, bytes]) -> bytes:
    """The credential where it does not stand as it mostly does. Raises Unauthenticated when there is none."""
    authorization = headers.get(b"authorization")
    if authorization is None:
        if b"x-api-key" in headers:
            return headers[b"x-api-key"]  # where Anthropic's clients put it
        if b"cookie" in headers:
            raise Unauthenticated(f"A session in the browser is not a key for /v1. {_MAKE_ONE}")
        raise Unauthenticated(f"No API key was sent. {_MAKE_ONE}")
    scheme, _, token = authorization.partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token:
        raise Unauthenticated(f"The authorization header must be a bearer token. {_MAKE_ONE}")
    return token


def _other(plan: Plan, token: bytes, behalf_key: bytes, now_s: float) -> Client:
    if not token:
        raise Unauthenticated(f"The authorization header must be a bearer token. {_MAKE_ONE}")
    known = plan.keys.get(sha256(token).digest())  # blanks around it do not belong to it
    if known is not None:
        return known
    if token.startswith(_MANAGEMENT):
        raise Forbidden(f"A management key cannot call models; use an inference key. {_MAKE_ONE}")
    if token.startswith(_BEHALF):
        behalf = verify(token.decode("latin-1"), key=behalf_key, now_s=now_s)
        if behalf is None:
            raise Unauthenticated("The token that speaks for somebody else is not valid, or no longer.")
        client = _spoken_for(plan, behalf)
        if client is None:
            raise Unauthenticated("The token speaks for somebody who is not known, or no longer.")
        return client
    raise Unauthenticated(f"The API key is not known: it was mistyped, revoked, or belongs to another Stoa. {_MAKE_ONE}")


def _spoken_for(plan: Plan, behalf: Behalf) -> Client | None:
    if behalf.key is not None:
        return plan.keys_by_id.get(behalf.key)
    return plan.users.get(behalf.user) if behalf.user is not None else plan.services.get(behalf.team or "")


def is_a_key(plan: Plan, headers: Mapping[bytes, bytes]) -> bool:
    """Whether the credential is a key of this plan itself, and not a token that speaks for somebody for a while."""
    authorization = headers.get(b"authorization", b"")
    return authorization[:7] == b"Bearer " and sha256(authorization[7:]).digest() in plan.keys


def is_of_a_role(headers: Mapping[bytes, bytes]) -> bool:
    """Whether one of Stoa's roles asks, on somebody's behalf. For requests whose client `identify` has found."""
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    return scheme.lower() == b"bearer" and token.strip().startswith(_BEHALF)
