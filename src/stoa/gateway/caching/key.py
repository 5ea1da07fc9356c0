"""What an answer is kept under: by whom, of which version of everything, and what was asked."""

from collections.abc import Mapping
from hashlib import sha256

from stoa.gateway.ask import Ask, canonical, refuses_cache
from stoa.gateway.plan import Client, Offering
from stoa.gateway.surface import Surface

LARGEST_ASK = 65_536


def cache_key(
    client: Client, offering: Offering, surface: Surface, ask: Ask, body: bytes, headers: Mapping[bytes, bytes]
) -> bytes | None:
    """What an answer is kept under; None when it is not to be kept."""
    if (
        not offering.cache_ttl_s
        or not surface.cached
        or not ask.repeatable
        or len(body) > LARGEST_ASK
        or refuses_cache(headers)
    ):
        return None
    return sha256(client.scope + offering.fingerprint + canonical(body, surface.path)).digest()
