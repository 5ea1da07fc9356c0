"""The PROXY protocol's header, whole, in pieces and wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.thoroughness import examples

from stoa.api.wire.preface import Malformed, parse

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
V4 = SIGNATURE + b"\x21\x11\x00\x0c" + bytes([203, 0, 113, 9, 10, 0, 0, 1]) + b"\x30\x39\x01\xbb"
V6 = SIGNATURE + b"\x21\x21\x00\x24" + bytes.fromhex("20010db9" + "0" * 23 + "1") + bytes(16) + b"\x30\x39\x01\xbb"
WHOLE = [
    (b"PROXY TCP4 203.0.113.9 10.0.0.1 12345 443\r\n", "203.0.113.9"),
    (b"PROXY TCP6 2001:db9::1 2001:db8::1 12345 443\r\n", "2001:db9::1"),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None),
    (V4, "203.0.113.9"),
    (V6, "2001:db9::1"),
    (V4[:15] + b"\x13" + V4[16:] + b"\x04\x00\x04abcd", "203.0.113.9"),
    (SIGNATURE + b"\x20\x00\x00\x00", None),
    (SIGNATURE + b"\x20\x11\x00\x0c" + bytes(12), None),
    (SIGNATURE + b"\x21\x31\x00\x04path", None),
]


@pytest.mark.parametrize(("header", "client"), WHOLE)
def test_a_header_is_taken_to_the_byte_however_it_comes(header: bytes, client: str | None) -> None:
    for end in range(1, len(header)):
        assert parse(header[:end]) is None, header[:end]
    assert parse(header) == (len(header), client)
    assert parse(header + b"GET / HTTP/1.1\r\n") == (len(header), client)


@pytest.mark.parametrize(
    "wrong",
    [
        b"GET / HTTP/1.1\r\n",
        b"PROXX",
        b"PROXY TCP4 203.0.113.9 10.0.0.1 12345\r\n",
        b"PROXY TCP4 203.0.113.9 10.0.0.1 12345 99999\r\n",
        b"PROXY TCP4 203.0.113.9 10.0.0.1 1 +2\r\n",
        b"PROXY TCP4 2001:db9::1 2001:db8::1 1 2\r\n",
        b"PROXY TCP4 localhost 10.0.0.1 1 2\r\n",
        b"PROXY  TCP4 203.0.113.9 10.0.0.1 1 2\r\n",
        b"PROXY UDP4 203.0.113.9 10.0.0.1 1 2\r\n",
        b"PROXY TCP4 " + b"1" * 200,
        SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x0b" + bytes(11),
        SIGNATURE + b"\x21\x11\xff\xff" + bytes(12),
    ],
)
def test_what_is_no_header_is_refused(wrong: bytes) -> None:
    with pytest.raises(Malformed):
        parse(wrong)


@settings(max_examples=examples(300), deadline=None)
@given(start=st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21"]), rest=st.binary(max_size=300))
def test_any_bytes_are_taken_refused_or_waited_for(start: bytes, rest: bytes) -> None:
    data = start + rest
    try:
        found = parse(data)
    except Malformed:
        return
    if found is not None:
        assert 0 < found[0] <= len(data)
