"""Entries in memory: what goes first, what goes with its time, and what goes with what it came from."""

import asyncio

from stoa.gateway.caching.entries import AnswerCache
from stoa.gateway.caching.entry import Entry
from stoa.gateway.tokens import Tokens


def entry(size: int, *, kept_at_s: float = 0.0, scope: bytes = b"s", fingerprint: bytes = b"f") -> Entry:
    return Entry(
        answer=b"x" * size, of="f1", model="m", provider="p", arm=None, tokens=Tokens(1, 1, "provider"), cost_nano_usd=5,
        kept_at_s=kept_at_s, scope=scope, fingerprint=fingerprint,
    )  # fmt: skip


def names(cache: AnswerCache, *asked: bytes) -> list[bytes]:
    return [name for name in asked if cache.get(name, now_s=0, ttl_s=10)]


def test_the_least_recently_used_goes_first() -> None:
    cache = AnswerCache(9000)
    for name in (b"a", b"b", b"c"):
        cache.put(name, entry(1000))
    assert cache.get(b"a", now_s=0, ttl_s=10) is not None
    cache.put(b"d", entry(1000))
    assert names(cache, b"a", b"b", b"c", b"d") == [b"a", b"c", b"d"]
    assert cache.size_bytes <= 9000


def test_an_entry_ends_with_its_time() -> None:
    cache = AnswerCache(5000)
    cache.put(b"a", entry(10, kept_at_s=1.0))
    assert cache.get(b"a", now_s=5.9, ttl_s=5) is not None
    assert cache.get(b"a", now_s=6.0, ttl_s=5) is None
    assert cache.size_bytes == 0


def test_an_answer_in_its_other_form_takes_room_too() -> None:
    cache, kept = AnswerCache(5000), entry(10)
    cache.put(b"a", kept)
    before = cache.size_bytes
    cache.put_stream(b"a", kept, with_usage=False, events=b"y" * 100)
    cache.put_stream(b"a", kept, with_usage=True, events=b"z" * 200)
    assert (kept.streams, cache.size_bytes) == ({False: b"y" * 100, True: b"z" * 200}, before + 300)
    cache.put_stream(b"gone", kept, with_usage=True, events=b"z" * 200)
    assert cache.size_bytes == before + 300
    cache.put(b"a", entry(10))
    assert cache.size_bytes == before


def test_an_answer_that_is_too_large_is_not_kept() -> None:
    cache = AnswerCache(10_000_000)
    cache.put(b"a", entry(1_048_577))
    assert (len(cache), cache.size_bytes) == (0, 0)


def test_a_scope_is_forgotten_whole_and_no_other() -> None:
    cache = AnswerCache(100_000)
    for number in range(10):
        cache.put(bytes([number]), entry(10, scope=b"mine" if number % 2 else b"yours"))
    assert cache.drop(b"mine") == 5
    assert names(cache, *(bytes([number]) for number in range(10))) == [bytes([number]) for number in range(0, 10, 2)]


async def test_what_came_from_something_no_longer_served_goes_in_slices() -> None:
    cache = AnswerCache(100_000_000)
    cache.serve({b"f", b"g"})
    for number in range(2000):
        cache.put(b"%d" % number, entry(10, fingerprint=b"f" if number % 2 else b"g"))
    cache.serve({b"g", b"h"})
    assert 1000 < len(cache) < 2000, "the first turn looks at some of them"
    async with asyncio.timeout(10):
        while len(cache) > 1000:  # noqa: ASYNC110 - it goes on by itself, and tells nobody
            await asyncio.sleep(0)
    assert cache.get(b"0", now_s=0, ttl_s=10) is not None
    assert cache.get(b"1", now_s=0, ttl_s=10) is None
    assert cache.size_bytes == sum(each.size_bytes for each in cache._entries.values()) > 1000 * 10
    cache.put(b"late", entry(10, fingerprint=b"f"))
    assert len(cache) == 1000, "a request that began before is over, and its answer is nobody's any more"
