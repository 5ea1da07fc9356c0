"""Embeddings in Cohere's form, v2/embed, which Bedrock takes too, without the model's name."""

from typing import Literal

import msgspec

from stoa.dialects.carrying import finish
from stoa.dialects.conversation import Fields
from stoa.dialects.embedding_texts import EmbeddingRequest, Vectors, batches
from stoa.domain.upstream import Facts
from stoa.errors import InvalidRequest

_MOST = 96
"""Texts that Cohere takes at once."""
_TYPES = ("search_document", "search_query", "classification", "clustering")


class CohereEmbeddings:
    """Implements `embeddings.EmbeddingForm`. Cohere wants to know what texts are for; said by nobody, they are documents."""

    def write(self, request: EmbeddingRequest, *, model: str, facts: Facts) -> list[bytes]:
        return [finish({"model": model} | body, facts) for body in cohere_bodies(request)]

    def read(self, body: bytes) -> Vectors:
        return read_cohere(body)


def cohere_bodies(request: EmbeddingRequest) -> list[Fields]:
    """A text that is too long is refused, as OpenAI does, not cut. Raises InvalidRequest for an unknown input_type."""
    if request.input_type not in (None, *_TYPES):
        raise InvalidRequest(
            f"'input_type' has to be one of {', '.join(_TYPES)}, not {request.input_type!r}.", param="input_type"
        )
    beside: Fields = {"input_type": request.input_type or _TYPES[0], "embedding_types": ["float"], "truncate": "NONE"}
    if request.dimensions is not None:
        beside["output_dimension"] = request.dimensions
    return [{"texts": texts} | beside for texts in batches(request.texts, _MOST)]


def read_cohere(body: bytes) -> Vectors:
    """By type, as v2 answers, or plain, as older models on Bedrock do. Raises ValueError."""
    answer = msgspec.json.decode(body, type=_Answer)
    vectors = answer.embeddings if isinstance(answer.embeddings, list) else answer.embeddings.float
    meta = answer.meta
    counts = None if meta is None else meta.tokens or meta.billed_units
    tokens = None if counts is None or counts.input_tokens is None else int(counts.input_tokens)
    return Vectors(vectors, tokens)


class _ByType(msgspec.Struct):
    float: list[list[float]]


class _Counts(msgspec.Struct):
    input_tokens: float | None = None


class _Meta(msgspec.Struct):
    tokens: _Counts | None = None
    billed_units: _Counts | None = None


class _Answer(msgspec.Struct):
    embeddings: _ByType | list[list[float]]
    meta: _Meta | None = None
    response_type: Literal["embeddings_floats", "embeddings_by_type"] | None = None
