"""Whole chunks are taken without the parser: whoever hears the answer cannot tell."""

import pytest
import uvloop
from hypothesis import example, given
from hypothesis import strategies as st
from tests.adapters.providers.answering import ACTIVE, HEAD, LAST, Heard, Upstream, chunk
from tests.piping import cut

from stoa.adapters.providers.chunks import payload_of
from stoa.domain.upstream import Failure


def outcome(pieces: list[bytes]) -> tuple[bytes, list[Failure | None], bool, bool]:
    """What the receiver got, how it ended before the upstream closed and after, and whether the connection was kept."""

    async def story() -> tuple[bytes, list[Failure | None], bool, bool]:
        upstream, heard = Upstream(), Heard()
        upstream.ask(heard)
        upstream.read(*pieces)
        over, kept = bool(heard.ends), not upstream.pipe.closing
        upstream.close()
        return heard.body, heard.ends, over, kept

    return uvloop.run(story())


def one_by_one(data: bytes) -> list[bytes]:
    """In bytes: no read holds a whole chunk, so that the parser sees each."""
    return [data[at : at + 1] for at in range(len(data))]


PAYLOADS = st.lists(
    st.binary(min_size=1, max_size=40) | st.sampled_from([b"\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n"]), max_size=8
)
CUTS = st.lists(st.integers(0, 1000), max_size=8)


@given(
    payloads=PAYLOADS,
    at=CUTS,
    joined=st.lists(st.booleans(), max_size=8),
    tail=st.sampled_from([LAST, b"", b"0\r\nx: y\r\n\r\n"]),
)
def test_a_chunked_body_in_any_pieces_gives_the_same_bytes_and_the_same_end(
    payloads: list[bytes], at: list[int], joined: list[bool], tail: bytes
) -> None:
    units = [HEAD, *map(chunk, payloads), tail]
    reads = [units[0]]
    for unit, join in zip(units[1:], [*joined, *([False] * len(units))], strict=False):
        if join:
            reads[-1] += unit
        else:
            reads.append(unit)
    data = b"".join(units)
    told = outcome(one_by_one(data))
    assert told[0] == b"".join(payloads)
    assert (told[1] == [None]) is bool(tail)
    assert outcome(reads) == told
    assert outcome(cut(data, at)) == told


@given(first=st.integers(1, 300), rest=st.integers(1, 300), at=st.integers(0, 700))
@example(first=28, rest=31, at=34 + 3)  # the read ends within a size line that, counted from its start, names a line's end
def test_two_chunks_cut_anywhere_are_taken_once(first: int, rest: int, at: int) -> None:
    data = chunk(b"a" * first) + chunk(b"b" * rest) + LAST
    assert outcome([*ACTIVE, *cut(data, [at])]) == (b"onetwo" + b"a" * first + b"b" * rest, [None], True, True)


INSIDE = {
    "within a size": (b"1", b"3\r\nabc\r\n", b"x" * 14 + b"\r\n"),
    "within an extension": (b"3;y=", b"3\r\nabc\r\n", b""),
    "within a payload": (b"d\r\nab\r\n", b"3\r\nabc\r\n", b"x\r\n"),
    "before the end of a payload": (b"8\r\n", b"3\r\nabc\r\n", b"\r\n"),
    "within the end of a payload": (b"3\r\nabc\r", b"\n3\r\nabc\r\n", b""),
    "within the trailers": (b"0\r\n", b"3\r\nabc\r\n", b"\r\n"),
}
"""A chunk in three reads, of which the middle one looks like a chunk."""


@pytest.mark.parametrize("name", INSIDE)
def test_what_looks_like_a_chunk_is_none_where_no_chunk_can_begin(name: str) -> None:
    for last in (LAST, b""):
        reads = [*ACTIVE, *filter(None, INSIDE[name]), *filter(None, [last])]
        assert outcome(reads) == outcome(one_by_one(b"".join(reads)))


@pytest.mark.parametrize("rest", [b"1", b"1f", b"1f\r", b"3x", b"fff\r", b"0", b"0\r\n", LAST, b"1f;x"])
def test_of_whole_chunks_with_anything_else_behind_them_none_is_taken(rest: bytes) -> None:
    for size in range(1, 300):  # for some of them, a place before the rest looks like the end of what it begins
        assert payload_of(chunk(b"a" * size) + rest) is None
        assert payload_of(chunk(b"\r\n" * size) + rest) is None


@given(
    data=st.binary(max_size=60)
    | st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"1", b"3", b"a", b"0"]), max_size=30).map(b"".join)
)
def test_what_is_taken_put_into_chunks_again_is_what_came(data: bytes) -> None:
    payload = payload_of(data)
    if payload is None:
        return
    sizes: list[int] = []
    rest = data
    while rest:
        size = int(rest.partition(b"\r\n")[0], 16)
        sizes.append(size)
        rest = rest[len(chunk(b"x" * size)) :]
    assert sum(sizes) == len(payload)
    starts = [sum(sizes[:n]) for n in range(len(sizes))]
    assert b"".join(chunk(payload[start : start + size]) for start, size in zip(starts, sizes, strict=True)) == data


@pytest.mark.parametrize("size", [1, 15, 16, 255, 256, 4095, 4096, 8191, 8192, 65_536])
def test_small_chunks_are_taken_and_large_ones_left_to_the_parser(size: int) -> None:
    assert payload_of(chunk(b"x" * size)) == (b"x" * size if size < 8192 else None)
    assert payload_of(chunk(b"x" * size) * 2) == (b"x" * size * 2 if size < 8192 else None)


ODD = {
    "an end that is no line's": b"3\r\nabcXX",
    "an end with a bare LF": b"3\r\nabc\n",
    "an end with a bare CR": b"3\r\nabc\r",
    "an end the wrong way round": b"3\r\nabc\n\r",
    "a size that is too small": b"2\r\nabc\r\n",
    "a size that is too large": b"4\r\nabc\r\n",
    "a size that is far too large": b"7\r\nabc\r\n",
    "a size ended by a bare LF": b"3\nabc\r\n",
    "an extension": b"3;x=y\r\nabc\r\n",
    "an extension with a line's end": b'3;x="\r\n"\r\nabc\r\n',
    "a space behind the size": b"3 \r\nabc\r\n",
    "a space before the size": b" 3\r\nabc\r\n",
    "an upper case size": b"A\r\nabcdefghij\r\n",
    "leading zeros": b"003\r\nabc\r\n",
    "many leading zeros": b"0" * 15 + b"3\r\nabc\r\n",
    "0x": b"0x3\r\nabc\r\n",
    "an underscore": b"1_0\r\n" + b"a" * 16 + b"\r\n",
    "a sign": b"+3\r\nabc\r\n",
    "a negative size": b"-3\r\nabc\r\n",
    "a digit of another script": "３\r\nabc\r\n".encode(),
    "no size": b"\r\nabc\r\n",
    "an empty line before a chunk": b"\r\n3\r\nabc\r\n",
    "a size beyond 64 bits": b"1" + b"0" * 16 + b"\r\nabc\r\n",
    "a second answer": b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "a last chunk with trailers": b"0\r\nx: y\r\n\r\n",
    "a last chunk with a trailer that is malformed": b"0\r\n: y\r\n\r\n",
    "a last chunk with a chunk behind it": LAST + chunk(b"abc"),
    "a last chunk of many zeros": b"000\r\n\r\n",
    "a last chunk with an extension": b"0;x\r\n\r\n",
    "a last chunk ended by a bare LF": b"0\r\n\n",
}


@pytest.mark.parametrize("rest", [b"", chunk(b"more"), chunk(b"more") + LAST, LAST])
@pytest.mark.parametrize("before", [b"", chunk(b"good")], ids=["alone", "behind a chunk"])
@pytest.mark.parametrize("name", ODD)
def test_framing_that_is_not_plain_is_the_parsers_also_behind_chunks_that_passed_it(
    name: str, before: bytes, rest: bytes
) -> None:
    told = outcome(one_by_one(b"".join(ACTIVE) + before + ODD[name] + rest))
    assert told[0].startswith(b"onetwo" + b"good" * bool(before))
    for reads in ([before + ODD[name] + rest], [before + ODD[name], rest], [before, ODD[name], rest]):
        found = outcome([*ACTIVE, *(read for read in reads if read)])
        assert found[1:3] == told[1:3]
        if told[1] == [None]:
            assert found[0] == told[0]
        else:  # of a chunk that breaks off, more or less may have come: never anything else
            assert found[0].startswith(told[0]) or told[0].startswith(found[0])
        assert found[3] <= told[3], "what follows an answer is nobody's, and ends the connection"
