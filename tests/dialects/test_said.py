"""What of a request a model reads, in each of the forms."""

import base64
import json
import struct
import zlib
from typing import Any

import pytest

from stoa.dialects.anthropic.count import read_count
from stoa.dialects.image_size import image_size, tokens_by_pixels, tokens_by_tiles
from stoa.dialects.said import Said, said_in
from stoa.errors import InvalidRequest


def asked(content: Any, form: Any = "messages", **fields: Any) -> Said:
    return said_in({"model": "m", "messages": [{"role": "user", "content": content}], **fields}, form)


def png(width: int, height: int) -> str:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunk).decode()


def test_texts_are_read_and_structure_is_not() -> None:
    tool = {"name": "weather", "description": "Of a place", "input_schema": {"type": "object"}}
    assert asked("Hi", system="Be brief.").texts == ["Be brief.", "Hi"]
    assert asked("Hi", tools=[tool]).texts == ["Hi", json.dumps([tool], separators=(",", ":"))]
    assert asked([{"type": "tool_result", "tool_use_id": "toolu_1", "content": "Rain"}]).texts == ["Rain"]
    assert asked([{"type": "thinking", "thinking": "So", "signature": "y" * 4000}]).texts == ["So"]
    assert asked([{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]).texts == ["Hi"]
    assert asked([{"type": "tool_use", "id": "t", "name": "weather", "input": {"place": "Rome"}}]).texts == [
        "weather",
        '{"place":"Rome"}',
    ]


def test_the_calls_of_a_chat_are_read_with_their_arguments() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"place":"Rome"}'}}
    messages = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "5"},
    ]
    said = said_in({"messages": messages}, "chat")
    assert (said.texts, said.messages) == (["weather", '{"place":"Rome"}', "5"], 2)


def test_a_schema_counts_where_the_answer_must_have_it() -> None:
    schema = {"name": "answer", "schema": {"type": "object"}}
    for field in (
        {"response_format": {"type": "json_schema", "json_schema": schema}},
        {"text": {"format": {"type": "json_schema", **schema}}},
        {"output_config": {"format": {"type": "json_schema", **schema}}},
    ):
        assert '"schema":{"type":"object"}' in asked("Hi", **field).texts[-1]
    assert asked("Hi", response_format={"type": "json_object"}).texts == ["Hi"]


@pytest.mark.parametrize(
    ("fields", "form", "texts", "messages"),
    [
        ({"input": "Hi", "instructions": "Be brief."}, "responses", ["Be brief.", "Hi"], 2),
        ({"input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]}, "responses", ["Hi"], 1),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": "5"}]}, "responses", ["5"], 0),
        ({"prompt": ["Once", "Twice"]}, "completions", ["Once", "Twice"], 0),
        ({"input": ["one", "two"]}, None, ["one", "two"], 0),
    ],
)
def test_each_form_has_its_texts_and_its_messages(fields: Any, form: Any, texts: list[str], messages: int) -> None:
    said = said_in(fields, form)
    assert (said.texts, said.messages) == (texts, messages)


def test_numbers_of_tokens_are_as_many_tokens() -> None:
    assert said_in({"input": [[1, 2, 3], [4]]}, None).other == 4
    assert said_in({"prompt": [1, 2, 3]}, "completions").other == 3


def test_an_image_has_its_size_and_no_text() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": png(200, 100)}
    assert asked([{"type": "image", "source": source}]).images == [(200, 100)]
    assert asked([{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png(64, 32)}"}}]).images == [(64, 32)]
    assert asked([{"type": "input_image", "image_url": f"data:image/png;base64,{png(64, 32)}"}]).images == [(64, 32)]
    assert asked([{"type": "image", "source": {"type": "url", "url": "https://x/y"}}]).images == [None]
    rough = asked([{"type": "image_url", "image_url": {"url": "https://x/y", "detail": "low"}}])
    assert (rough.images, rough.small_images, rough.texts) == ([], 1, [])


def test_what_only_looks_like_an_image_has_no_size() -> None:
    for data in ("", "====", "not base64!", "iVBO", base64.b64encode(b"\xff\xd8\xff").decode()):
        assert asked([{"type": "image", "source": {"type": "base64", "data": data}}]).images == [None]
    assert image_size(b"\xff\xd8\xff\xe0") is None


def test_a_document_counts_by_its_pages_or_as_text() -> None:
    pdf = base64.b64encode(b"%PDF-1.4 /Type /Page /Type /Page /Type /Pages  ").decode()
    assert asked([{"type": "document", "source": {"type": "base64", "data": pdf}}]).other == 4000
    file = {"file_data": f"data:application/pdf;base64,{pdf}", "filename": "a.pdf"}
    assert asked([{"type": "file", "file": file}]).other == 4000
    assert asked([{"type": "input_file", **file}]).other == 4000
    told = asked([{"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "Said"}}])
    assert (told.texts, told.other) == (["T", "Said"], 0)


@pytest.mark.parametrize(
    ("size", "pixels", "tiles"),
    [((200, 200), 53, 255), ((1092, 1092), 1590, 765), ((8000, 8000), 1600, 765), ((1, 1), 1, 255), ((2048, 4096), 1600, 1105)],
)
def test_images_take_the_tokens_that_providers_tell(size: tuple[int, int], pixels: int, tiles: int) -> None:
    assert (tokens_by_pixels(*size), tokens_by_tiles(*size)) == (pixels, tiles)


@pytest.mark.parametrize(("body", "param"), [(b'{"messages":[{}]}', "model"), (b'{"model":"m","messages":[]}', "messages")])
def test_what_is_missing_is_named(body: bytes, param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_count(body)
    assert refusal.value.param == param
