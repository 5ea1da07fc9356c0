"""What a request's cache-control asks of the cache."""

import pytest

from stoa.gateway.caching.directives import Directives, directives_of

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        (b"", Directives()),
        (b"no-transform, foo=bar", Directives()),
        (b"no-cache", Directives(look=False)),
        (b"No-Store", Directives(look=False, store=False)),
        (b"max-age=0", Directives(look=False, max_age_s=0)),
        (b" max-age = 60 , only-if-cached", Directives(only=True, max_age_s=60)),
        (b'max-age="60"', Directives(max_age_s=60)),
        (b"max-age=60, max-age=5", Directives(max_age_s=5)),
        (b"max-age", Directives(look=False, max_age_s=0)),
        (b"max-age=-1", Directives(look=False, max_age_s=0)),
        (b"max-age=soon", Directives(look=False, max_age_s=0)),
        (b"min-fresh=10, min-fresh=20", Directives(min_fresh_s=20)),
        (b"min-fresh=x", Directives(min_fresh_s=INFINITE)),
        (b"max-stale=100", Directives()),
        (b"xno-cache, no-cachex", Directives()),
    ],
)
def test_each_is_read_as_the_standard_has_it(header: bytes, meant: Directives) -> None:
    assert directives_of(header) == meant


def test_an_answer_is_young_and_fresh_enough_or_not() -> None:
    assert Directives().allows(1e9, 0)
    assert Directives(max_age_s=10).allows(10, 1)
    assert not Directives(max_age_s=10).allows(10.5, 1)
    assert not Directives(min_fresh_s=5).allows(1, 4.9)
