"""What an answer is kept under: by whom, of which version of everything, and what was asked."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from stoa.domain.passages import Passage
from stoa.domain.resources import CachePolicy
from stoa.gateway.ask import Ask
from stoa.gateway.bodies import canonical
from stoa.gateway.plan import Client, Offering
from stoa.gateway.routing.rank import TAGS_HEADER
from stoa.gateway.surface import Surface

LARGEST_ASK = 65_536
_MARKS = 65_536
_KNOWN_BYTES = 8_388_608  # of bodies, in each of two generations
_Seen = tuple[bytes, bytes, bytes, str, bytes]
_TAGS, _BETA = TAGS_HEADER.encode(), b"anthropic-beta"


class Keys:
    """Knows the keys of bodies that came before byte for byte, so that these are not read and written in order again."""

    def __init__(self) -> None:
        self._young: dict[_Seen, bytes] = {}
        self._old: dict[_Seen, bytes] = {}
        self._room = _KNOWN_BYTES
        self._once: set[int] = set()  # hashes of what came once, and mostly never again

    def of(
        self, client: Client, offering: Offering, surface: Surface, ask: Ask, body: bytes, headers: Mapping[bytes, bytes]
    ) -> bytes | None:
        """None when the answer is not to be kept, whatever the request's `cache-control` says."""
        policy = offering.cache
        if (
            policy is None
            or not surface.cached
            or not ask.repeatable
            or (ask.temperature is not None and ask.temperature > policy.max_temperature)
            or len(body) > LARGEST_ASK
        ):
            return None
        scope = scope_of(client, offering, policy)
        more = _more(offering, headers) if _BETA in headers or offering.router.strategy == "tagged" else b""
        seen = (body, scope, offering.fingerprint, surface.path, more)
        return self._young.get(seen) or self._old.get(seen) or self._made(seen)

    def _made(self, seen: _Seen) -> bytes:
        body, scope, fingerprint, path, more = seen
        # Scope and fingerprint are of fixed length, and neither headers nor paths hold a NUL.
        key = sha256(b"%b%b%b\0%b\0%b" % (scope, fingerprint, more, path.encode(), canonical(body))).digest()
        mark = hash(seen)
        if mark not in self._once:
            if len(self._once) >= _MARKS:
                self._once.clear()
            self._once.add(mark)
            return key
        self._room -= len(body)
        if self._room < 0:
            self._old, self._young, self._room = self._young, {}, _KNOWN_BYTES - len(body)
        self._young[seen] = key
        return key


def scope_of(client: Client, offering: Offering, policy: CachePolicy) -> bytes:
    """With whom answers are shared: with nobody where documents are for single people, or closed to them."""
    return client.scope if policy.shared == "team" and not offering.personal else client.own_scope


def is_shared(client: Client, offering: Offering, policy: CachePolicy, passages: Sequence[Passage] | None) -> bool:
    """Whether an answer may be kept where `scope_of` says.

    Not one that stands on a document for single people, or closed to some, that the plan does not know of yet: whoever shares
    the scope may be one of those.
    """
    if not passages or scope_of(client, offering, policy) is client.own_scope:
        return True
    return not any(passage.personal for passage in passages)


def _more(offering: Offering, headers: Mapping[bytes, bytes]) -> bytes:
    """What of the headers an answer depends on."""
    beta = headers.get(_BETA, b"")
    return b"%b\0%b" % (beta, headers.get(_TAGS, b"")) if offering.router.strategy == "tagged" else beta


def common_of(client: Client, offering: Offering, policy: CachePolicy, headers: Mapping[bytes, bytes]) -> bytes:
    """All that requests must have in common to share answers, but for their path and body."""
    return b"%b%b%b" % (scope_of(client, offering, policy), offering.fingerprint, _more(offering, headers))
