"""AWS' binary framing."""

import struct
from itertools import pairwise
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.dialects.bedrock.eventstream import MAX_PAYLOAD, Frame, FrameReader, encode

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
frames = st.builds(
    Frame, st.dictionaries(names, st.text(st.characters(codec="utf-8"), max_size=60), max_size=4), st.binary(max_size=200)
)


@given(st.lists(frames, max_size=4), st.lists(st.integers(0, 3000), max_size=8))
def test_frames_come_back_from_bytes_cut_anywhere(sent: list[Frame], cuts: list[int]) -> None:
    data = b"".join(encode(frame.headers, frame.payload) for frame in sent)
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    reader = FrameReader()
    assert [frame for start, end in pairwise(places) for frame in reader.feed(data[start:end])] == sent


@given(frames, st.data())
def test_a_changed_byte_is_never_taken_for_the_truth(frame: Frame, data: st.DataObject) -> None:
    sent = bytearray(encode(frame.headers, frame.payload))
    sent[data.draw(st.integers(0, len(sent) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError):
        FrameReader().feed(bytes(sent))


def test_a_frame_as_aws_documents_it_is_read() -> None:
    data = bytes.fromhex(
        "0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b27666f6f273a27626172277d8d9c08b1"
    )
    assert FrameReader().feed(data) == [Frame({"content-type": "application/json"}, b"{'foo':'bar'}")]


@pytest.mark.parametrize(
    "value",
    [b"\x00", b"\x01", b"\x02\x07", b"\x03\x00\x07", b"\x04" + bytes(4), b"\x05" + bytes(8), b"\x06\x00\x02ab",
     b"\x08" + bytes(8), b"\x09" + bytes(16)],
)  # fmt: skip
def test_headers_of_other_types_are_passed_over(value: bytes) -> None:
    assert FrameReader().feed(_frame(b"\x01a" + value + b"\x01b\x07\x00\x01c")) == [Frame({"b": "c"}, b"")]


@pytest.mark.parametrize(
    "headers", [b"\x05a", b"\x01a", b"\x01a\x0a", b"\x01a\x07\x00", b"\x01a\x07\x00\x09b", b"\x01a\x04\x00", b"\x01\xff\x01"]
)
def test_headers_that_cannot_be_read_are_a_value_error(headers: bytes) -> None:
    with pytest.raises(ValueError):
        FrameReader().feed(_frame(headers))


@pytest.mark.parametrize(("length", "headers"), [(MAX_PAYLOAD + 17, 0), (16, 1), (15, 0), (200_000, 140_000)])
def test_a_prelude_that_lies_about_lengths_is_refused_before_its_bytes_come(length: int, headers: int) -> None:
    lengths = struct.pack(">II", length, headers)
    with pytest.raises(ValueError, match="bytes"):
        FrameReader().feed(lengths + struct.pack(">I", crc32(lengths)))


def _frame(headers: bytes) -> bytes:
    lengths = struct.pack(">II", 16 + len(headers), len(headers))
    body = lengths + struct.pack(">I", crc32(lengths)) + headers
    return body + struct.pack(">I", crc32(body))
