"""Header lines that tell of the cache."""

from stoa.domain.usage import CacheOutcome, CacheTier

LOOKED_UP: dict[CacheOutcome, bytes] = {
    "hit": b"x-stoa-cache: hit\r\n",
    "miss": b"x-stoa-cache: miss\r\n",
    "bypass": b"x-stoa-cache: bypass\r\n",
}
_TIERS: dict[CacheTier, bytes] = {
    "exact": b"x-stoa-cache: hit\r\nx-stoa-cache-tier: exact\r\n",
    "joined": b"x-stoa-cache: hit\r\nx-stoa-cache-tier: joined\r\n",
    "semantic": b"x-stoa-cache: hit\r\nx-stoa-cache-tier: semantic\r\n",
}


def hit_lines(tier: CacheTier, *, age: int, ttl_s: int, similarity: float | None) -> bytes:
    """How an answer was found, and for how long it may be used. `age` in seconds."""
    near = b"" if similarity is None else b"x-stoa-cache-similarity: %.3f\r\n" % similarity
    left = ttl_s - age if age < ttl_s else 0
    return b"%b%bage: %d\r\ncache-control: private, max-age=%d\r\n" % (_TIERS[tier], near, age, left)
