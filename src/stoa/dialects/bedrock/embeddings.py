"""Embeddings on AWS Bedrock, asked through InvokeModel in the form of the model's maker: Amazon's Titan, or Cohere.

Titan takes one text a call. Cohere's answers name no tokens in their body.
"""

import msgspec

from stoa.dialects.carrying import finish
from stoa.dialects.cohere.embeddings import cohere_bodies, read_cohere
from stoa.dialects.conversation import Fields
from stoa.dialects.embedding_texts import EmbeddingRequest, Vectors
from stoa.domain.upstream import Facts
from stoa.errors import InvalidRequest


class BedrockEmbeddings:
    """Implements `embeddings.EmbeddingForm`."""

    def write(self, request: EmbeddingRequest, *, model: str, facts: Facts) -> list[bytes]:
        if "cohere.embed" in model:
            return [finish(body, facts) for body in cohere_bodies(request)]
        if "titan-embed" not in model:
            raise InvalidRequest(
                f"{model!r} is of no maker whose form of embeddings on Bedrock is known: Amazon's titan-embed, Cohere's embed.",
                param="model",
            )
        if request.input_type is not None:
            raise InvalidRequest("'input_type' has no place in Titan's form. Leave it out.", param="input_type")
        beside = _dimensions(request.dimensions, model)
        return [finish({"inputText": text} | beside, facts) for text in request.texts]

    def read(self, body: bytes) -> Vectors:
        answer = msgspec.json.decode(body, type=_Titan)
        if answer.embedding is None:
            return read_cohere(body)
        return Vectors([answer.embedding], answer.input_text_token_count)


def _dimensions(dimensions: int | None, model: str) -> Fields:
    if dimensions is None:
        return {}
    if "titan-embed-image" in model:
        return {"embeddingConfig": {"outputEmbeddingLength": dimensions}}
    if "titan-embed-text-v2" in model:
        return {"dimensions": dimensions}
    raise InvalidRequest(f"{model!r} has vectors of one length. Leave 'dimensions' out.", param="dimensions")


class _Titan(msgspec.Struct, rename="camel"):
    embedding: list[float] | None = None
    input_text_token_count: int | None = None
