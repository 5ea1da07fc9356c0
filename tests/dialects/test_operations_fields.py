"""Operations that pass untranslated: the model's name in and out, and what their answers say of their use."""

import json

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
    assert read_request("speech", "application/json", b'{"model":"say","stream_format":"sse"}').stream is True
    assert read_request("speech", "application/json", b'{"model":"say","stream_format":"audio"}').stream is False


def test_only_moderation_may_leave_the_model_out() -> None:
    assert read_request("moderation", "application/json", b'{"input":"x"}').model == "omni-moderation-latest"
    for door, content_type, body in (("image", "application/json", b"{}"), ("transcription", FORM, form())):
        with pytest.raises(InvalidRequest) as refusal:
            read_request(door, content_type, body)  # type: ignore[arg-type]
        assert refusal.value.param == "model"


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


@pytest.mark.parametrize(
    ("door", "answer", "used"),
    [
        ("transcription", {"text": "Hi", "usage": TOKENS}, Used(tokens=TokenUsage(input=14, output=45, audio_input=12))),
        ("transcription", {"text": "Hi", "usage": {"type": "duration", "seconds": 3}}, Used(seconds=3.0)),
        ("transcription", {"text": "Hi", "duration": 2.5, "segments": []}, Used(seconds=2.5)),
        ("transcription", {"type": "transcript.text.done", "usage": TOKENS},
         Used(tokens=TokenUsage(input=14, output=45, audio_input=12))),
        ("transcription", {"type": "transcript.text.delta", "delta": "Hi"}, Used()),
        ("image", {"created": 1, "data": [{"url": "u"}, {"url": "v"}]}, Used(images=2)),
        ("image", {"data": [{}], "usage": {"input_tokens": 5, "output_tokens": 1000}},
         Used(tokens=TokenUsage(input=5, output=1000), images=1)),
        ("image", {"type": "image_generation.completed", "b64_json": "", "usage": {"input_tokens": 5, "output_tokens": 9}},
         Used(tokens=TokenUsage(input=5, output=9), images=1)),
        ("image_edit", {"type": "image_edit.partial_image", "b64_json": ""}, Used()),
        ("speech", {"type": "speech.audio.done", "usage": {"input_tokens": 5, "output_tokens": 9}},
         Used(tokens=TokenUsage(input=5, output=9))),
        ("moderation", {"id": "m", "results": []}, Used()),
    ],
)  # fmt: skip
def test_an_answer_tells_its_use(door: Door, answer: dict[str, object], used: Used) -> None:
    assert used_by(door, json.dumps(answer).encode()) == used


@pytest.mark.parametrize("body", [b"", b"ID3\x04", b"\xff\xfb", b"{not json", b"WEBVTT", b"just text"])
def test_what_is_not_json_tells_nothing(body: bytes) -> None:
    assert used_by("speech", body) == Used()
    assert used_by("transcription", body) == Used()
