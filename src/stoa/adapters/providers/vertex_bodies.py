"""Where Vertex AI wants another body than the API whose dialect it speaks: Claude's, and that of embeddings."""

from collections.abc import Mapping
from typing import Any

import msgspec

from stoa.domain.upstream import Call, Endpoint, Failure, Headers, Receiver

_CLAUDE_VERSION = msgspec.json.encode("vertex-2023-10-16")


class ClaudeEndpoint:
    """Implements `domain.upstream.Endpoint`: a body of Anthropic's, with the model in the path and the version in the body."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def post(self, body: bytes, receiver: Receiver, lines: bytes = b"") -> Call:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        fields.pop("model", None)
        fields["anthropic_version"] = msgspec.Raw(_CLAUDE_VERSION)
        return self._endpoint.post(msgspec.json.encode(fields), receiver, lines)


class PredictEndpoint:
    """Implements `domain.upstream.Endpoint`: takes Gemini's batchEmbedContents, asks predict, and answers in Gemini's form."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def post(self, body: bytes, receiver: Receiver, lines: bytes = b"") -> Call:
        return self._endpoint.post(_instances(body), _Embeddings(receiver), lines)


class _Part(msgspec.Struct):
    text: str


class _Content(msgspec.Struct):
    parts: list[_Part]


class _Request(msgspec.Struct, rename="camel", omit_defaults=True):
    content: _Content
    task_type: str | None = None
    title: str | None = None
    output_dimensionality: int | None = None


class _Requests(msgspec.Struct):
    requests: list[_Request]


class _Statistics(msgspec.Struct):
    token_count: int | float = 0


class _Embedding(msgspec.Struct):
    values: list[float]
    statistics: _Statistics = _Statistics()


class _Prediction(msgspec.Struct):
    embeddings: _Embedding


class _Predictions(msgspec.Struct):
    predictions: list[_Prediction]


def _instances(body: bytes) -> bytes:
    """https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api."""
    asked = msgspec.json.decode(body, type=_Requests).requests
    instances: list[Mapping[str, str]] = []
    for each in asked:
        named = {"content": "".join(part.text for part in each.content.parts), "task_type": each.task_type, "title": each.title}
        instances.append({name: value for name, value in named.items() if value is not None})
    wanted: dict[str, Any] = {"instances": instances}  # Any: JSON
    if asked and asked[0].output_dimensionality is not None:
        wanted["parameters"] = {"outputDimensionality": asked[0].output_dimensionality}
    return msgspec.json.encode(wanted)


class _Embeddings:
    """A receiver that keeps a good answer until it is whole and hands it on in Gemini's form; others pass as they come."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._kept: bytearray | None = None

    def on_head(self, status: int, headers: Headers) -> None:
        if status == 200:
            self._kept = bytearray()
            headers = [(name, value) for name, value in headers if name != b"content-length"]
        self._receiver.on_head(status, headers)

    def on_body(self, data: bytes) -> None:
        if self._kept is None:
            self._receiver.on_body(data)
        else:
            self._kept += data

    def on_end(self) -> None:
        if self._kept is not None:
            try:
                self._receiver.on_body(_gemini(bytes(self._kept)))
            except msgspec.MsgspecError:
                self._receiver.on_failure(Failure("malformed", "its answer holds no predictions with embeddings"))
                return
        self._receiver.on_end()

    def on_failure(self, failure: Failure) -> None:
        self._receiver.on_failure(failure)

    def on_upload_pause(self) -> None:
        self._receiver.on_upload_pause()

    def on_upload_resume(self) -> None:
        self._receiver.on_upload_resume()


def _gemini(body: bytes) -> bytes:
    predictions = msgspec.json.decode(body, type=_Predictions).predictions
    tokens = int(sum(each.embeddings.statistics.token_count for each in predictions))
    embeddings = [{"values": each.embeddings.values} for each in predictions]
    return msgspec.json.encode({"embeddings": embeddings, "usageMetadata": {"promptTokenCount": tokens}})
