"""Lines cut out of a stream, and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batches.conftest import CHAT, jsonl, once, request

from stoa.batches.lines import check, lines
from stoa.domain.batches import MOST_LINES
from stoa.errors import InvalidRequest


@given(st.lists(st.binary(max_size=20).map(lambda data: data.replace(b"\n", b"")), max_size=20), st.integers(1, 30))
async def test_lines_do_not_depend_on_how_the_stream_was_cut(written: list[bytes], size: int) -> None:
    data = b"\n".join(written)
    found = [(line.number, line.data) async for line in lines(once(data, size), most_bytes=100)]
    clean = [line.strip() for line in written]
    if clean:
        clean[0] = written[0].removeprefix(b"\xef\xbb\xbf").strip()
    assert found == [(number, line) for number, line in enumerate(clean, 1) if line]


async def test_a_line_without_end_is_refused_before_it_is_whole() -> None:
    read = 0

    async def endless():
        nonlocal read
        while True:
            read += 1
            yield b"x" * 100

    with pytest.raises(InvalidRequest, match="Line 1 is longer than 1,000 bytes"):
        await anext(lines(endless(), most_bytes=1000))
    assert read < 15


async def test_a_file_of_requests_is_counted() -> None:
    assert await check(once(jsonl([request(n) for n in range(30)])), endpoint=CHAT, most_bytes=10_000) == (30, [])


@pytest.mark.parametrize(
    ("line", "code", "param", "says"),
    [
        (b"{", "invalid_json_line", None, "not valid JSON"),
        (b"[]", "invalid_request_line", None, "not a request of a batch"),
        (jsonl([{"custom_id": "a", "method": "POST", "url": CHAT}]), "invalid_request_line", "body", "body"),
        (jsonl([request(1, custom_id=7)]), "invalid_request_line", "custom_id", "custom_id"),
        (jsonl([request(1, custom_id="")]), "invalid_custom_id", "custom_id", "1 to 512"),
        (jsonl([request(1, method="GET")]), "invalid_method", "method", "'GET'"),
        (jsonl([request(1, url="/v1/embeddings")]), "mismatched_endpoint", "url", "'/v1/embeddings'"),
        (jsonl([request(1, body=[])]), "invalid_body", "body", "not a request to a model"),
        (jsonl([request(1, body={"messages": []})]), "invalid_body", "body", "model"),
        (jsonl([request(1, body={"model": "m", "stream": True})]), "invalid_body", "body.stream", "cannot be streamed"),
    ],
)
async def test_a_bad_line_is_told_by_number_and_field(line: bytes, code: str, param: str | None, says: str) -> None:
    data = jsonl([request(0)]) + b"\n" + line
    _, faults = await check(once(data), endpoint=CHAT, most_bytes=10_000)
    assert [(fault.code, fault.param, fault.line) for fault in faults] == [(code, param, 3)]
    assert says in faults[0].message


async def test_the_same_custom_id_twice_is_a_fault_that_names_the_first() -> None:
    _, faults = await check(once(jsonl([request(1), request(2), request(1)])), endpoint=CHAT, most_bytes=10_000)
    assert [(fault.code, fault.line) for fault in faults] == [("duplicate_custom_id", 3)]
    assert "line 1 already" in faults[0].message


async def test_faults_are_told_up_to_a_number_and_reading_stops_there() -> None:
    _, faults = await check(once(b"{\n" * 1000), endpoint=CHAT, most_bytes=10_000)
    assert [fault.line for fault in faults] == list(range(1, 26))


async def test_an_empty_file_and_one_of_too_many_lines_are_no_batch() -> None:
    assert [f.code for f in (await check(once(b"\n \n"), endpoint=CHAT, most_bytes=99))[1]] == ["empty_file"]
    many = b"".join(
        jsonl([{"custom_id": str(n), "method": "POST", "url": CHAT, "body": {"model": "m"}}]) for n in range(MOST_LINES + 1)
    )
    _, faults = await check(once(many, 1 << 20), endpoint=CHAT, most_bytes=10_000)
    assert [fault.code for fault in faults] == ["too_many_requests"]
