"""Embeddings in Google's form, batchEmbedContents."""

import msgspec

from stoa.dialects.carrying import finish
from stoa.dialects.conversation import Fields
from stoa.dialects.embedding_texts import EmbeddingRequest, Vectors, batches
from stoa.domain.upstream import Facts
from stoa.errors import InvalidRequest

_MOST = 100
"""Texts that Google takes at once."""
_TASKS = {
    "search_document": "RETRIEVAL_DOCUMENT",
    "search_query": "RETRIEVAL_QUERY",
    "classification": "CLASSIFICATION",
    "clustering": "CLUSTERING",
}


class GeminiEmbeddings:
    """Implements `embeddings.EmbeddingForm`. The Gemini API wants the model named in each request as well as in the path."""

    def write(self, request: EmbeddingRequest, *, model: str, facts: Facts) -> list[bytes]:
        beside: Fields = {"model": model if "/" in model else f"models/{model}"}
        if request.input_type is not None:
            if request.input_type not in _TASKS:
                raise InvalidRequest(
                    f"'input_type' has to be one of {', '.join(_TASKS)}, not {request.input_type!r}.", param="input_type"
                )
            beside["taskType"] = _TASKS[request.input_type]
        if request.dimensions is not None:
            beside["outputDimensionality"] = request.dimensions
        return [
            finish({"requests": [{"content": {"parts": [{"text": text}]}} | beside for text in texts]}, facts)
            for texts in batches(request.texts, facts.texts_at_once or _MOST)
        ]

    def read(self, body: bytes) -> Vectors:
        answer = msgspec.json.decode(body, type=_Answer)
        usage = answer.usage_metadata
        return Vectors(
            [embedding.values for embedding in answer.embeddings], None if usage is None else usage.prompt_token_count
        )


class _Embedding(msgspec.Struct):
    values: list[float]


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: int | None = None


class _Answer(msgspec.Struct, rename="camel"):
    embeddings: list[_Embedding]
    usage_metadata: _Usage | None = None
