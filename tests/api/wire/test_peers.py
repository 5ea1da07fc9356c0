"""Where a request came from: only trusted proxies are believed, and only about the hop before them."""

import pytest

from stoa.api.wire.peers import Proxies

TRUSTED = Proxies(["10.0.0.0/8", "2001:db8::/32", "127.0.0.1"])


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("10.0.0.1", {}, "10.0.0.1"),
        ("10.0.0.1", {b"x-forwarded-for": b"203.0.113.9"}, "203.0.113.9"),
        ("10.0.0.1", {b"x-forwarded-for": b"6.6.6.6, 203.0.113.9"}, "203.0.113.9"),
        ("10.0.0.1", {b"x-forwarded-for": b"6.6.6.6, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"),
        ("10.0.0.1", {b"x-forwarded-for": b"10.0.0.3, 10.0.0.2"}, "10.0.0.3"),
        ("10.0.0.1", {b"x-forwarded-for": b"203.0.113.9:4711"}, "203.0.113.9"),
        ("10.0.0.1", {b"x-forwarded-for": b"[2001:db9::1]:443"}, "2001:db9::1"),
        ("::ffff:10.0.0.1", {b"x-forwarded-for": b"203.0.113.9"}, "203.0.113.9"),
        ("203.0.113.1", {b"x-forwarded-for": b"127.0.0.1"}, "203.0.113.1"),
        ("203.0.113.1", {b"forwarded": b"for=127.0.0.1"}, "203.0.113.1"),
        ("10.0.0.1", {b"x-forwarded-for": b"127.0.0.1"}, "10.0.0.1"),
        ("10.0.0.1", {b"x-forwarded-for": b"127.0.0.1, 10.0.0.2"}, "10.0.0.2"),
        ("127.0.0.1", {b"x-forwarded-for": b"203.0.113.9"}, "203.0.113.9"),
        ("127.0.0.1", {b"x-forwarded-for": b"127.0.0.1, 203.0.113.9"}, "203.0.113.9"),
        ("127.0.0.1", {b"x-forwarded-for": b"::1"}, "::1"),
        ("127.0.0.1", {b"x-forwarded-for": b"unknown"}, ""),
        ("127.0.0.1", {b"x-forwarded-for": b""}, ""),
        ("10.0.0.1", {b"forwarded": b'for="[2001:db9::17]:4711";proto=https;by=10.0.0.1'}, "2001:db9::17"),
        ("10.0.0.1", {b"forwarded": b"for=6.6.6.6, For=203.0.113.9;proto=http"}, "203.0.113.9"),
        ("10.0.0.1", {b"forwarded": b"proto=https"}, ""),
        ("10.0.0.1", {b"x-forwarded-for": b"203.0.113.9", b"forwarded": b"for=6.6.6.6"}, "203.0.113.9"),
        ("", {b"x-forwarded-for": b"203.0.113.9"}, ""),
    ],
)
def test_the_client_is_the_right_most_address_that_no_trusted_proxy_has(
    peer: str, headers: dict[bytes, bytes], client: str
) -> None:
    assert TRUSTED.client(peer, headers) == client


@pytest.mark.parametrize(
    ("peer", "headers", "scheme"),
    [
        ("10.0.0.1", {b"x-forwarded-proto": b"https"}, "https"),
        ("10.0.0.1", {b"x-forwarded-proto": b"http, HTTPS"}, "https"),
        ("10.0.0.1", {b"x-forwarded-proto": b"gopher"}, "http"),
        ("10.0.0.1", {b"forwarded": b"for=203.0.113.9;proto=https"}, "https"),
        ("10.0.0.1", {b"x-forwarded-for": b"203.0.113.9", b"forwarded": b"proto=https"}, "http"),
        ("203.0.113.1", {b"x-forwarded-proto": b"https"}, "http"),
        ("10.0.0.1", {}, "http"),
    ],
)
def test_the_scheme_is_believed_of_trusted_proxies_alone(peer: str, headers: dict[bytes, bytes], scheme: str) -> None:
    assert TRUSTED.scheme(peer, headers, "http") == scheme
