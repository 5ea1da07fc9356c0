import base64
import json
from typing import Any

import numpy as np
import pytest

from stoa.adapters.engines.builtin import BuiltIn
from stoa.api.engine.embeddings import SLICE
from stoa.api.engine.routes import Routes
from stoa.api.wire.messages import Request, Response


async def embed(routes: Routes, **fields: object) -> Response:
    body = json.dumps({"model": "stoa-embed"} | fields).encode()
    return await routes.handle(Request("POST", "/v1/embeddings", "", {}, body))


def content(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


async def test_one_text_is_one_vector_with_its_tokens_counted(routes: Routes, built_in: BuiltIn) -> None:
    answer = content(await embed(routes, input="annual leave"))
    assert answer["object"] == "list"
    assert answer["model"] == "stoa-embed"
    assert answer["usage"] == {"prompt_tokens": 2, "total_tokens": 2}
    np.testing.assert_allclose(answer["data"][0]["embedding"], built_in.embedder.embed(["annual leave"])[0], atol=1e-6)


async def test_many_texts_keep_their_order_over_slices(routes: Routes, built_in: BuiltIn) -> None:
    texts = [f"text number {n}" + " and more" * (n % 7) for n in range(SLICE * 2 + 3)]
    data = content(await embed(routes, input=texts))["data"]
    assert [item["index"] for item in data] == list(range(len(texts)))
    np.testing.assert_allclose([item["embedding"] for item in data], built_in.embedder.embed(texts), atol=1e-5)


async def test_base64_holds_the_same_numbers_as_floats(routes: Routes) -> None:
    floats = content(await embed(routes, input=["leave"]))["data"][0]["embedding"]
    coded = content(await embed(routes, input=["leave"], encoding_format="base64"))["data"][0]["embedding"]
    np.testing.assert_allclose(np.frombuffer(base64.b64decode(coded), dtype="<f4"), floats, atol=1e-7)


async def test_token_ids_of_the_models_own_tokenizer_are_taken(routes: Routes, built_in: BuiltIn) -> None:
    (ids,) = built_in.embedder.encode(["annual leave"])
    by_text = content(await embed(routes, input="annual leave"))["data"][0]["embedding"]
    assert content(await embed(routes, input=ids))["data"][0]["embedding"] == by_text
    together = content(await embed(routes, input=[ids, ids]))["data"][1]["embedding"]
    assert np.dot(together, by_text) > 0.998  # alone it is a question, answered in 8 bits


async def test_inputs_whose_end_is_not_seen_are_counted_in_a_header(routes: Routes) -> None:
    response = await embed(routes, input=["short", "word " * 300])
    assert response.headers["x-stoa-truncated"] == "1"
    assert "x-stoa-truncated" not in (await embed(routes, input="short")).headers


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    [
        ({"input": "x", "dimensions": 128}, "dimensions", "384"),
        ({"input": []}, "input", "1 to 2048"),
        ({"input": ["a", ""]}, "input", "Input 1 is empty"),
        ({"input": [[1, 99_999]]}, "input", "99999"),
        ({"input": ["a", 3]}, "input", "mixes"),
        ({"input": {"a": 1}}, "input", "object"),
        ({}, "input", "input"),
        ({"input": "x", "encoding_format": "hex"}, "encoding_format", "hex"),
    ],
)
async def test_what_does_not_fit_is_refused_by_field(routes: Routes, fields: dict[str, object], param: str, says: str) -> None:
    response = await embed(routes, **fields)
    error = content(response)["error"]
    assert response.status == 400
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert says in error["message"]


async def test_another_model_is_not_found(routes: Routes) -> None:
    response = await embed(routes, input="x", model="text-embedding-3-small")
    assert response.status == 404
    assert content(response)["error"]["code"] == "model_not_found"
