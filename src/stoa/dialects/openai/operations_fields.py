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
_NEEDED: dict[Door, tuple[str, ...]] = {
    "moderation": ("input",),
    "image": ("prompt",),
    "image_edit": ("prompt",),
    "image_variation": ("image",),
    "speech": ("input",),
    "transcription": ("file", "url", "file_id"),
    "translation": ("file", "url"),
}
"""Fields of which one has to be there, the usual one first: without it no server has anything to do."""
_DEFAULT_MODELS: dict[Door, str] = {"moderation": "omni-moderation-latest"}
"""What OpenAI takes where a client may leave the model out."""


class Asked(NamedTuple):
    """A request of one of these operations. `parts` and `boundary` are those of a form, empty for JSON.

    `characters` are those of the text that is to be spoken, None for other operations.
    """

    model: str
    stream: bool
    """The answer comes as server-sent events; else it is JSON or, for speech, bytes of sound."""
    parts: list[BodyPart]
    boundary: bytes
    characters: int | None = None


class Used(NamedTuple):
    """What an answer says of its use. `seconds` are those of the sound; `image_tokens` are among those of the input."""

    tokens: TokenUsage | None = None
    seconds: float | None = None
    image_tokens: int | None = None


_NOTHING = msgspec.Raw()


class _Fields(msgspec.Struct):
    model: str | None = None
    stream: bool | None = None
    stream_format: str | None = None
    input: msgspec.Raw = _NOTHING
    prompt: msgspec.Raw = _NOTHING


_FIELDS = msgspec.json.Decoder(_Fields)
_TEXT = msgspec.json.Decoder(str)


def read_request(door: Door, content_type: str, body: bytes) -> Asked:
    """Raises InvalidRequest naming what is missing or wrong."""
    bodies = BODIES[door]
    if content_type.lower().startswith("multipart/"):
        if "form" not in bodies:
            raise InvalidRequest("This is asked for in JSON; send Content-Type application/json.", param="Content-Type")
        boundary = boundary_of(content_type)
        parts = read_parts(body, boundary)
        model, stream = text_of(body, parts, "model"), text_of(body, parts, "stream")
        _check_needed(door, {part.name.removesuffix("[]") for part in parts})
        return Asked(_model(door, model), stream is not None and stream.lower() in ("true", "1"), parts, boundary)
    if "json" not in bodies:
        raise InvalidRequest("This is asked for as a form; send Content-Type multipart/form-data.", param="Content-Type")
    try:
        found = _FIELDS.decode(body)
    except msgspec.DecodeError as error:
        param = str(error).rpartition("`$.")[2][:-1] if "`$." in str(error) else None
        raise InvalidRequest(f"The body has to be a JSON object; found {error}.", param=param) from error
    model = _model(door, found.model)
    _check_needed(door, {name for name in ("input", "prompt") if bytes(getattr(found, name)) not in (b"", b"null")})
    characters = _spoken(found.input) if door == "speech" else None
    return Asked(model, bool(found.stream) or found.stream_format == "sse", [], b"", characters)


def with_model(body: bytes, asked: Asked, upstream_name: str) -> bytes:
    """The body for the upstream. A form is spliced; JSON is written again, with everything that it held."""
    if asked.boundary:
        return with_text(body, asked.parts, asked.boundary, "model", upstream_name)
    fields: dict[str, msgspec.Raw] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({**fields, "model": upstream_name})


def used_by(body: bytes) -> Used:
    """What a whole answer, or the data of a stream's event, says in JSON. Raises ValueError for what is no JSON."""
    try:
        found = _ANSWER.decode(body)
    except msgspec.ValidationError:
        return Used()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"its answer is not JSON: {error}") from None
    usage = found.usage
    if usage is None:
        return Used(seconds=found.duration)
    seconds = usage.seconds if usage.seconds is not None else usage.prompt_audio_seconds
    read = usage.input_tokens if usage.input_tokens is not None else usage.prompt_tokens
    if read is None:
        return Used(seconds=seconds)
    written = usage.output_tokens if usage.output_tokens is not None else usage.completion_tokens
    details = usage.input_token_details or usage.input_tokens_details or _Details()
    tokens = TokenUsage(input=read, output=written, audio_input=details.audio_tokens)
    return Used(tokens, seconds, details.image_tokens)


def _check_needed(door: Door, there: set[str]) -> None:
    needed = _NEEDED[door]
    if there.isdisjoint(needed):
        raise InvalidRequest(f"{needed[0]!r} is missing: there is nothing to work on.", param=needed[0])


def _spoken(text: msgspec.Raw) -> int:
    try:
        return len(_TEXT.decode(text))
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"'input' has to be a text; found {error}.", param="input") from error


def _model(door: Door, told: str | None) -> str:
    model = told or _DEFAULT_MODELS.get(door)
    if not model:
        raise InvalidRequest("'model' is missing: say which model is to answer.", param="model")
    return model


class _Details(msgspec.Struct):
    audio_tokens: int | None = None
    image_tokens: int | None = None


class _Usage(msgspec.Struct):
    """OpenAI's for sound and for images, which differ in the name of the details; Mistral's has the names of chat."""

    seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_token_details: _Details | None = None
    input_tokens_details: _Details | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_audio_seconds: float | None = None


class _Answer(msgspec.Struct):
    """`duration` is that of verbose transcriptions."""

    usage: _Usage | None = None
    duration: float | None = None


_ANSWER = msgspec.json.Decoder(_Answer)
