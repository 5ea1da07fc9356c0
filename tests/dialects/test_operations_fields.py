"""Operations that pass untranslated: the model's name in and out, and what their answers say of their use."""

import json
from typing import Any

import pytest

from stoa.dialects.answer import TokenUsage
from stoa.dialects.openai.operations_fields import BODIES, Used, read_request, used_by, with_model
from stoa.domain.upstream import Door
from stoa.errors import InvalidRequest

FORM = "multipart/form-data; boundary=B"


def form(**fields: str) -> bytes:
    parts = "".join(
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    )
    file = '--B\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n'
    return f"{parts}{file}--B--\r\n".encode()


def test_a_transcription_is_read_and_its_model_replaced() -> None:
    asked = read_request("transcription", FORM, form(model="hear", stream="true"))
    assert (asked.model, asked.stream) == ("hear", True)
    assert with_model(form(model="hear", stream="true"), asked, "whisper-1") == form(model="whisper-1", stream="true")


def test_json_keeps_everything_but_the_model() -> None:
    body = b'{"model": "draw", "prompt": "\xc3\xb6", "n": 1.0, "stream": true, "x": {"y": [1e400]}}'
    asked = read_request("image", "application/json", body)
    assert (asked.model, asked.stream) == ("draw", True)
    expected = b'{"model":"gpt-image-1","prompt":"\xc3\xb6","n":1.0,"stream":true,"x":{"y": [1e400]}}'
    assert with_model(body, asked, "gpt-image-1") == expected


def test_speech_streams_events_or_sound() -> None:
    assert read_request("speech", "application/json", b'{"model":"say","input":"x","stream_format":"sse"}').stream is True
    assert read_request("speech", "application/json", b'{"model":"say","input":"x","stream_format":"audio"}').stream is False


def test_only_moderation_may_leave_the_model_out() -> None:
    assert read_request("moderation", "application/json", b'{"input":"x"}').model == "omni-moderation-latest"
    for door, content_type, body in (("image", "application/json", b'{"prompt":"x"}'), ("transcription", FORM, form())):
        with pytest.raises(InvalidRequest) as refusal:
            read_request(door, content_type, body)  # type: ignore[arg-type]
        assert refusal.value.param == "model"


@pytest.mark.parametrize(
    ("door", "content_type", "body", "param"),
    [
        ("moderation", "application/json", b'{"model":"m"}', "input"),
        ("image", "application/json", b'{"model":"m","prompt":null}', "prompt"),
        ("image_edit", "application/json", b'{"model":"m","images":[]}', "prompt"),
        ("image_edit", FORM, form(model="m"), "prompt"),
        ("image_variation", FORM, form(model="m"), "image"),
        ("speech", "application/json", b'{"model":"m","voice":"alloy"}', "input"),
        ("speech", "application/json", b'{"model":"m","input":["x"]}', "input"),
        ("transcription", FORM, form(model="m").replace(b'"file"', b'"sound"'), "file"),
        ("translation", FORM, form(model="m").replace(b'"file"', b'"sound"'), "file"),
    ],
)
def test_what_nobody_could_work_on_is_refused_by_the_name_of_what_is_missing(
    door: Door, content_type: str, body: bytes, param: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_request(door, content_type, body)
    assert refusal.value.param == param


def test_the_characters_of_what_is_to_be_spoken_are_counted() -> None:
    body = json.dumps({"model": "m", "input": 'Grüß "Gott" \U0001f600'}).encode()
    assert read_request("speech", "application/json", body).characters == 13
    assert read_request("moderation", "application/json", body).characters is None


@pytest.mark.parametrize("door", BODIES)
def test_a_body_of_the_wrong_kind_is_refused(door: Door) -> None:
    bodies = {"json": ("application/json", b'{"model":"m"}'), "form": (FORM, form(model="m"))}
    for kind in bodies.keys() - BODIES[door]:
        with pytest.raises(InvalidRequest) as refusal:
            read_request(door, *bodies[kind])
        assert refusal.value.param == "Content-Type"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"model": 3}', b'{"model": "a"'])
def test_json_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_request("speech", "application/json", body)


TOKENS = {
    "type": "tokens",
    "input_tokens": 14,
    "output_tokens": 45,
    "total_tokens": 59,
    "input_token_details": {"audio_tokens": 12},
}
HEARD = TokenUsage(input=14, output=45, audio_input=12)


@pytest.mark.parametrize(
    ("answer", "used"),
    [
        ({"text": "Hi", "usage": TOKENS}, Used(HEARD)),
        ({"text": "Hi", "usage": {"type": "duration", "seconds": 3}}, Used(seconds=3.0)),
        ({"text": "Hi", "duration": 2.5, "segments": [0]}, Used(seconds=2.5)),
        ({"text": "Hi", "usage": {"prompt_audio_seconds": 3, "prompt_tokens": 4, "completion_tokens": 5, "total_tokens": 9}},
         Used(TokenUsage(input=4, output=5), 3.0)),
        ({"type": "transcript.text.done", "usage": TOKENS}, Used(HEARD)),
        ({"type": "transcript.text.delta", "delta": "Hi"}, Used()),
        ({"created": 1, "data": [{"url": "u"}, {"url": "v"}]}, Used()),
        ({"data": [0], "usage": {"input_tokens": 5, "output_tokens": 9, "input_tokens_details": {"image_tokens": 3}}},
         Used(TokenUsage(input=5, output=9), None, 3)),
        ({"type": "image_generation.completed", "b64_json": "", "usage": {"input_tokens": 5, "output_tokens": 9}},
         Used(TokenUsage(input=5, output=9))),
        ({"type": "image_edit.partial_image", "b64_json": ""}, Used()),
        ({"type": "speech.audio.done", "usage": {"input_tokens": 5, "output_tokens": 9}}, Used(TokenUsage(input=5, output=9))),
        ({"id": "m", "results": [0]}, Used()),
        ({"usage": {"input_tokens": "many"}}, Used()),
        (["nothing"], Used()),
    ],
)  # fmt: skip
def test_an_answer_tells_its_use(answer: Any, used: Used) -> None:
    assert used_by(json.dumps(answer).encode()) == used


@pytest.mark.parametrize("body", [b"", b"ID3\x04", b"\xff\xfb", b"{not json", b"WEBVTT", b"just text"])
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):
        used_by(body)
