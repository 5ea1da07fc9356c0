"""POST /v1/embeddings: stoa-embed in OpenAI's form."""

import base64
from typing import Annotated, Literal

import msgspec
import orjson
from msgspec import Meta

from stoa.adapters.engines.builtin import BuiltIn
from stoa.adapters.engines.embedder import MAX_TOKENS, WIDTH, MiniLM, Vectors
from stoa.api.engine.body import decode, require_model
from stoa.api.engine.lanes import Lanes
from stoa.api.wire.messages import Request, Response
from stoa.errors import InvalidRequest

EMBEDDER = "stoa-embed"
MOST_INPUTS = 2048

SLICE = 32
"""Texts embedded between two looks at whether the client is still there."""

BRISK_TOKENS = 256
"""Inputs with fewer tokens together are somebody's question and go ahead of documents."""

Tokens = list[Annotated[int, Meta(ge=0)]]


class EmbeddingRequest(msgspec.Struct):
    """What is read of the body; `user` and fields that are not known change nothing and are let pass."""

    model: str
    input: str | list[str | int | Tokens]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None


async def embeddings(request: Request, models: BuiltIn, lanes: Lanes) -> Response:
    """Vectors in the order of the inputs. `x-stoa-truncated` counts inputs whose end was not seen."""
    asked = decode(request.body, EmbeddingRequest)
    require_model(asked.model, EMBEDDER, "embeddings")
    if asked.dimensions not in (None, WIDTH):
        raise InvalidRequest(
            f"{EMBEDDER} always has {WIDTH} dimensions; {asked.dimensions} cannot be had. Leave the field out.",
            param="dimensions",
        )
    rows = await lanes.brisk(lambda: _rows(asked.input, models.embedder))
    total = sum(len(row) for row in rows)
    lane = lanes.brisk if total < BRISK_TOKENS else lanes.bulk
    data: list[dict[str, object]] = []
    for start in range(0, len(rows), SLICE):
        part = rows[start : start + SLICE]
        vectors = await lane(lambda part=part: models.embedder.embed_tokens(part))
        data += [
            {"object": "embedding", "index": len(data) + at, "embedding": value}
            for at, value in enumerate(_written(vectors, asked.encoding_format))
        ]
    usage = {"prompt_tokens": total, "total_tokens": total}
    content = {"object": "list", "data": data, "model": EMBEDDER, "usage": usage}
    truncated = sum(len(row) > MAX_TOKENS - 2 for row in rows)
    headers = {"content-type": "application/json"} | ({"x-stoa-truncated": str(truncated)} if truncated else {})
    return Response(200, orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY), headers)


def _rows(given: str | list[str | int | Tokens], embedder: MiniLM) -> list[list[int]]:
    """Each input as token ids. Raises InvalidRequest for none, too many, an empty one, or ids that do not exist."""
    if isinstance(given, str):
        given = [given]
    elif given and all(isinstance(one, int) for one in given):
        given = [[one for one in given if isinstance(one, int)]]
    if not 1 <= len(given) <= MOST_INPUTS:
        raise InvalidRequest(f"'input' must hold 1 to {MOST_INPUTS} inputs; found {len(given)}.", param="input")
    texts = [one for one in given if isinstance(one, str)]
    encoded = iter(embedder.encode(texts))
    known = embedder.tokenizer.get_vocab_size()
    rows: list[list[int]] = []
    for at, one in enumerate(given):
        if isinstance(one, int):
            raise InvalidRequest(f"'input' mixes token ids with other inputs; found {one} at {at}.", param="input")
        if not one:
            raise InvalidRequest(f"Input {at} is empty.", param="input")
        if not isinstance(one, str) and max(one) >= known:
            raise InvalidRequest(
                f"Input {at} has the token id {max(one)}; {EMBEDDER} has ids below {known}, from its own tokenizer.",
                param="input",
            )
        rows.append(next(encoded) if isinstance(one, str) else one)
    return rows


def _written(vectors: Vectors, form: Literal["float", "base64"]) -> list[object]:
    if form == "float":
        return list(vectors)
    return [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors]
