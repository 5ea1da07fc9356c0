"""Paths of `/v1` that are not hot: files, batches and vector stores. The caller is identified here, control does the work.

What the client sent as its credential stays here. Control is told whose request it is by a token that only Stoa's roles can
make, good for minutes; it looks up what that key or user may do now.
"""

import re
from collections.abc import Mapping

from stoa.domain.behalf import Behalf, mint
from stoa.domain.exchange import Exchange
from stoa.domain.upstream import Origin
from stoa.errors import Forbidden
from stoa.gateway.plan import Client
from stoa.gateway.proxy import Proxied

_ID = rb"/[A-Za-z0-9_-]{1,64}"
_STORE = rb"/[a-z0-9][a-z0-9._-]{0,62}"  # a collection's name
_PATHS = re.compile(
    rb"/v1/(?:"
    rb"files(?:%(id)b(?:/content)?)?"
    rb"|batches(?:%(id)b(?:/cancel)?)?"
    rb"|vector_stores(?:%(store)b(?:/search|/files(?:%(id)b(?:/content)?)?|/file_batches(?:%(id)b(?:/cancel|/files)?)?)?)?"
    rb")" % {b"id": _ID, b"store": _STORE}
)
_CREDENTIALS = frozenset((b"authorization", b"cookie", b"x-csrf-token"))


def goes_onward(path: bytes) -> bool:
    """Whether control answers this path of `/v1`. Anything spelled in another way is not one of them."""
    return _PATHS.fullmatch(path) is not None


def pass_on(
    exchange: Exchange, client: Client, control: Origin, *, behalf_key: bytes, now_s: float, body_limit: int, request_id: str
) -> Proxied:
    """Send the request on as the client's. Raises Forbidden for Stoa's own services, which keep no files."""
    token = mint(behalf_of(client), key=behalf_key, now_s=now_s)
    headers = _without_credentials(exchange.headers) | {b"authorization": b"Bearer " + token.encode()}
    return Proxied(exchange, control, body_limit=body_limit, request_id=request_id, headers=headers)


def behalf_of(client: Client) -> Behalf:
    """Whom control is told that it is. Raises Forbidden for a service."""
    caller = client.caller
    if caller.key_id is not None:
        return Behalf(key=caller.key_id)
    if caller.user_id is not None:
        return Behalf(user=caller.user_id)
    raise Forbidden(f"{caller.name!r} is no key and no user, so it can keep no files, batches and vector stores.")


def _without_credentials(headers: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: value for name, value in headers.items() if name not in _CREDENTIALS}
