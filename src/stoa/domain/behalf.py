"""On-behalf tokens: how Stoa's roles speak for somebody among themselves.

Control and the worker call `/v1` for the user in the page, for the team that pays, or for the key that made a batch; the
gateway tells control whose request it passes on.

`stoa-behalf.<base64url of JSON>.<base64url of HMAC-SHA256>`; the JSON is {"user": id}, {"team": name} or {"key": id}, and
"exp" in unix seconds.
Whoever holds the key may speak for anybody, so tokens live for minutes and never leave the machine's roles.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

PREFIX = "stoa-behalf."
MAX_LIFETIME_S = 300


@dataclass(frozen=True, slots=True)
class Behalf:
    """Whom a token speaks for: exactly one of the three is set. A key is named by its id and must still be good."""

    user: str | None = None
    team: str | None = None
    key: str | None = None


def mint(behalf: Behalf, *, key: bytes, now_s: float, lifetime_s: int = MAX_LIFETIME_S) -> str:
    """A token that is good for `lifetime_s` seconds, at most MAX_LIFETIME_S."""
    payload = json.dumps(
        {**_named(behalf), "exp": int(now_s) + min(lifetime_s, MAX_LIFETIME_S)}, separators=(",", ":")
    ).encode()
    return f"{PREFIX}{_encode(payload)}.{_encode(_sign(payload, key))}"


def verify(token: str, *, key: bytes, now_s: float) -> Behalf | None:
    """Whom the token speaks for; None for one that is malformed, changed, expired or good for too long."""
    payload_part, _, signature_part = token.removeprefix(PREFIX).partition(".")
    try:
        payload, signature = _decode(payload_part), _decode(signature_part)
        if not token.startswith(PREFIX) or not hmac.compare_digest(signature, _sign(payload, key)):
            return None
        fields: Any = json.loads(payload)  # Any: read from a token, checked below
        behalf, expires = Behalf(*(fields.get(name) for name in ("user", "team", "key"))), fields["exp"]
    except (ValueError, binascii.Error, KeyError, AttributeError):
        return None
    if len(_named(behalf)) != 1 or not now_s < expires <= now_s + MAX_LIFETIME_S + 1:
        return None
    return behalf


def _named(behalf: Behalf) -> dict[str, str]:
    pairs = (("user", behalf.user), ("team", behalf.team), ("key", behalf.key))
    return {name: value for name, value in pairs if value is not None}


def _sign(payload: bytes, key: bytes) -> bytes:
    return hmac.new(key, payload, hashlib.sha256).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
