"""What there is to tell of a request by its head alone, and the answers that need no more."""

import re
from math import inf

from stoa.domain.exchange import Exchange
from stoa.errors import InvalidRequest
from stoa.gateway.listing import Form
from stoa.gateway.plan import Client, Plan
from stoa.gateway.surface import Surface

_SANE_ID = re.compile(rb"(?!sk-)[A-Za-z0-9._-]{1,128}")


class Known:
    """Who asks and for what, of a head that may come again. It holds for this plan, and so until anything changes."""

    __slots__ = ("client", "plan", "surface", "until_s")

    def __init__(self, plan: Plan, client: Client, surface: Surface) -> None:
        self.plan, self.client, self.surface = plan, client, surface
        expires_ms = client.caller.expires_at_ms
        self.until_s = inf if expires_ms is None else expires_ms / 1000


class WrongMethod(InvalidRequest):
    status = 405
    code = "method_not_allowed"
    allowed = ""


def wrong_method(exchange: Exchange, allowed: str) -> WrongMethod:
    path = exchange.target.partition(b"?")[0].decode("latin-1")
    error = WrongMethod(f"{path} takes {allowed}, not {exchange.method.decode()}.")
    error.allowed = allowed
    return error


def request_id_of(exchange: Exchange) -> str | None:
    """The client's own id, if it is one that can be put into a header and a log."""
    given = exchange.headers.get(b"x-request-id")
    return given.decode() if given is not None and _SANE_ID.fullmatch(given) else None


def form_of(exchange: Exchange) -> Form:
    return "anthropic" if b"anthropic-version" in exchange.headers else "openai"


class Answered:
    """The intake of a request that was answered at its head: what still comes is dropped by the server."""

    body_limit = 1 << 40

    def on_body(self, data: bytes) -> None: ...

    def on_end(self) -> None: ...

    def on_gone(self) -> None: ...

    def on_pause(self) -> None: ...

    def on_resume(self) -> None: ...


ANSWERED = Answered()
