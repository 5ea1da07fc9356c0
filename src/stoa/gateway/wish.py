"""What routing looks at of a request."""

from collections.abc import Mapping

from stoa.domain.operations import Lane
from stoa.gateway.bodies import fields_of
from stoa.gateway.plan import Client, Target
from stoa.gateway.routing.complexity import complexity
from stoa.gateway.routing.order import Router
from stoa.gateway.routing.rank import TAGS_HEADER, Wish

_TAGS = TAGS_HEADER.encode()


def wish_of(
    router: Router[Target], client: Client, headers: Mapping[bytes, bytes], body: bytes, *, named: bool, lane: Lane = "realtime"
) -> Wish:
    """With `named` the body may name the application's own user."""
    caller = client.caller
    tags = tuple(part.strip().decode("latin-1") for part in headers.get(_TAGS, b"").split(b",") if part.strip())
    if not router.needs_wish:
        return Wish(lane, tags)
    user = caller.user_id or caller.id
    if router.sticky and named:
        told = fields_of(body).get("user")
        user = f"{user}/{told}" if isinstance(told, str) else user
    return Wish(lane, tags, user, complexity(body) if router.strategy == "complexity" else 0.0)
