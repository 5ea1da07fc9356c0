"""Embeddings: OpenAI's form as clients speak it, carried to upstreams of other forms.

An upstream takes a number of texts at a time, one at the least, so a request may become several bodies, and their answers, in
the same order, become one. Upstreams that speak OpenAI's form need none of this: their bytes pass untouched.
"""

import base64
import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, cast

import msgspec

from stoa.dialects.answer import TokenUsage
from stoa.dialects.bedrock.embeddings import BedrockEmbeddings
from stoa.dialects.cohere.embeddings import CohereEmbeddings
from stoa.dialects.conversation import Fields
from stoa.dialects.embedding_texts import EmbeddingRequest, Vectors
from stoa.dialects.gemini.embeddings import GeminiEmbeddings
from stoa.domain.upstream import Facts, UpstreamForm
from stoa.errors import InvalidRequest


class EmbeddingForm(Protocol):
    """How embeddings are asked for in an upstream's form."""

    def write(self, request: EmbeddingRequest, *, model: str, facts: Facts) -> list[bytes]:
        """One body for each call that is needed. Raises InvalidRequest naming what cannot be carried."""
        ...

    def read(self, body: bytes) -> Vectors:
        """Raises ValueError when the body is not of this form."""
        ...


class Embedded(NamedTuple):
    """An answer in OpenAI's form."""

    body: bytes
    usage: TokenUsage


FORMS: Mapping[UpstreamForm, EmbeddingForm] = {
    "gemini": GeminiEmbeddings(),
    "bedrock": BedrockEmbeddings(),
    "cohere": CohereEmbeddings(),
}
"""The forms in which embeddings are asked for other than OpenAI's. Anthropic offers none."""

_KNOWN = {"model", "input", "dimensions", "encoding_format", "user", "input_type"}


def read_request(body: bytes) -> EmbeddingRequest:
    """Raises InvalidRequest naming the field; token arrays are refused, since every provider has tokens of its own."""
    try:
        told: object = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The body has to be a JSON object; found {error}.") from error
    if not isinstance(told, dict):
        raise InvalidRequest("The body has to be a JSON object.")
    fields = cast("Fields", told)
    if unknown := [name for name in fields if name not in _KNOWN]:
        raise InvalidRequest(
            f"This model is served through a provider of another form, which has no place for {', '.join(map(repr, unknown))}. "
            "Leave it out, or ask for a model whose provider speaks OpenAI's form.",
            param=unknown[0],
            code="unsupported_parameter",
        )
    try:
        asked = msgspec.convert(fields, _Body)
    except msgspec.ValidationError as error:
        raise InvalidRequest(
            f"The request cannot be read: {error}.", param=str(error).rpartition("`$.")[2][:-1] or None
        ) from error
    texts = [asked.input] if isinstance(asked.input, str) else asked.input
    if not texts:
        raise InvalidRequest("'input' has to hold at least one text.", param="input")
    words = [text for text in texts if isinstance(text, str)]
    if len(words) < len(texts):
        raise InvalidRequest(
            "'input' holds tokens, but this model's provider has tokens of its own. Send text instead.", param="input"
        )
    if asked.encoding_format not in (None, "float", "base64"):
        raise InvalidRequest(
            f"'encoding_format' has to be 'float' or 'base64', not {asked.encoding_format!r}.", param="encoding_format"
        )
    return EmbeddingRequest(
        texts=words, base64=asked.encoding_format == "base64", dimensions=asked.dimensions, input_type=asked.input_type
    )


def join_answers(form: EmbeddingForm, bodies: Sequence[bytes], request: EmbeddingRequest, *, model: str) -> Embedded:
    """The answers to the bodies of `write`, in their order, as one answer. Raises ValueError when they do not fit."""
    answers = [form.read(body) for body in bodies]
    vectors = [vector for answer in answers for vector in answer.vectors]
    if len(vectors) != len(request.texts):
        raise ValueError(f"{len(vectors)} vectors for {len(request.texts)} texts")
    tokens = _counted(answers)
    data = [
        {"object": "embedding", "index": place, "embedding": _packed(vector) if request.base64 else vector}
        for place, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens or 0, "total_tokens": tokens or 0}  # the form has no other word for what nobody told
    body = msgspec.json.encode({"object": "list", "data": data, "model": model, "usage": usage})
    return Embedded(body, TokenUsage(input=tokens))


def used_by(form: EmbeddingForm, bodies: Sequence[bytes]) -> TokenUsage:
    """What some of the answers say of their use; None when one of them says nothing or cannot be read."""
    try:
        return TokenUsage(input=_counted([form.read(body) for body in bodies]))
    except ValueError:
        return TokenUsage()


def _counted(answers: Sequence[Vectors]) -> int | None:
    counts = [answer.tokens for answer in answers if answer.tokens is not None]
    return sum(counts) if len(counts) == len(answers) else None


class _Body(msgspec.Struct):
    input: str | list[str | int | list[int]]
    dimensions: int | None = None
    encoding_format: str | None = None
    input_type: str | None = None


def _packed(vector: list[float]) -> str:
    """32-bit floats, little-endian, in base64."""
    floats = array("f", vector)
    if sys.byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode()
