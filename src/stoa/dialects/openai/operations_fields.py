"""What Stoa reads of the operations that pass untranslated: moderation, images, speech, transcription and translation.

Their upstreams speak OpenAI's form, so bytes pass as they came but for the model's name. Of an answer, its use alone is read.
"""

from typing import Literal, NamedTuple

import msgspec

from stoa.dialects.answer import TokenUsage
from stoa.dialects.openai.multipart import BodyPart, boundary_of, read_parts, text_of, with_text
from stoa.domain.upstream import Door
from stoa.errors import InvalidRequest

Body = Literal["json", "form"]
BODIES: dict[Door, frozenset[Body]] = {
    "moderation": frozenset({"json"}),
    "image": frozenset({"json"}),
    "image_edit": frozenset({"json", "form"}),
    "image_variation": frozenset({"form"}),
    "speech": frozenset({"json"}),
    "transcription": frozenset({"form"}),
    "translation": frozenset({"form"}),
}
"""In what form each of them is asked for."""
_DEFAULT_MODELS: dict[Door, str] = {"moderation": "omni-moderation-latest"}
"""What OpenAI takes where a client may leave the model out."""


class Asked(NamedTuple):
    """A request of one of these operations. `parts` and `boundary` are those of a form, empty for JSON."""

    model: str
    stream: bool
    """The answer comes as server-sent events; else it is JSON or, for speech, bytes of sound."""
    parts: list[BodyPart]
    boundary: bytes


class Used(NamedTuple):
    """What an answer says of its use. `seconds` are those of the sound, where it is billed by them."""

    tokens: TokenUsage | None = None
    seconds: float | None = None
    images: int | None = None


class _Fields(msgspec.Struct):
    model: str | None = None
    stream: bool | None = None
    stream_format: str | None = None


_FIELDS = msgspec.json.Decoder(_Fields)


def read_request(door: Door, content_type: str, body: bytes) -> Asked:
    """Raises InvalidRequest naming what is missing or wrong."""
    bodies = BODIES[door]
    if content_type.lower().startswith("multipart/"):
        if "form" not in bodies:
            raise InvalidRequest("This is asked for in JSON; send Content-Type application/json.", param="Content-Type")
        boundary = boundary_of(content_type)
        parts = read_parts(body, boundary)
        model, stream = text_of(body, parts, "model"), text_of(body, parts, "stream")
        return Asked(_model(door, model), stream is not None and stream.lower() in ("true", "1"), parts, boundary)
    if "json" not in bodies:
        raise InvalidRequest("This is asked for as a form; send Content-Type multipart/form-data.", param="Content-Type")
    try:
        found = _FIELDS.decode(body)
    except msgspec.DecodeError as error:
        param = str(error).rpartition("`$.")[2][:-1] or None
        raise InvalidRequest(f"The body has to be a JSON object; found {error}.", param=param) from error
    return Asked(_model(door, found.model), bool(found.stream) or found.stream_format == "sse", [], b"")


def with_model(body: bytes, asked: Asked, upstream_name: str) -> bytes:
    """The body for the upstream. A form is spliced; JSON is written again, with everything that it held."""
    if asked.boundary:
        return with_text(body, asked.parts, asked.boundary, "model", upstream_name)
    fields: dict[str, msgspec.Raw] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({**fields, "model": upstream_name})


def used_by(door: Door, body: bytes) -> Used:
    """What a whole answer, or the data of a stream's event, says. Nothing for sound, for text, and for what cannot be read."""
    if door == "speech" and not body.startswith(b"{"):
        return Used()
    try:
        found = _ANSWER.decode(body)
    except msgspec.DecodeError:
        return Used()
    images = len(found.data) if door in ("image", "image_edit", "image_variation") and found.data is not None else None
    if found.type in ("image_generation.completed", "image_edit.completed"):
        images = 1
    usage = found.usage
    if usage is None:
        return Used(seconds=found.duration, images=images)
    if usage.seconds is not None:
        return Used(seconds=usage.seconds, images=images)
    details = usage.input_token_details
    tokens = TokenUsage(
        input=usage.input_tokens, output=usage.output_tokens, audio_input=details.audio_tokens if details is not None else None
    )
    return Used(tokens=tokens, images=images)


def _model(door: Door, told: str | None) -> str:
    model = told or _DEFAULT_MODELS.get(door)
    if not model:
        raise InvalidRequest("'model' is missing: say which model is to answer.", param="model")
    return model


class _Details(msgspec.Struct):
    audio_tokens: int | None = None


class _Usage(msgspec.Struct):
    seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_token_details: _Details | None = None


class _Answer(msgspec.Struct):
    """`duration` is that of verbose transcriptions; `data` holds an answer's images."""

    type: str = ""
    usage: _Usage | None = None
    duration: float | None = None
    data: list[msgspec.Raw] | None = None


_ANSWER = msgspec.json.Decoder(_Answer)
