import json
from collections.abc import Iterator

import pytest

from stoa.adapters.engines.builtin import BuiltIn
from stoa.api.engine.lanes import Lanes
from stoa.api.engine.routes import Routes
from stoa.api.wire.messages import Request, Response


@pytest.fixture
def bare() -> Iterator[Routes]:
    with Lanes() as lanes:
        yield Routes(lanes)


async def get(routes: Routes, path: str, method: str = "GET") -> Response:
    return await routes.handle(Request(method, path, "", {}, b"{}"))


def text(response: Response) -> str:
    assert isinstance(response.body, bytes)
    return response.body.decode()


async def test_it_is_alive_at_once_and_ready_when_the_models_are_there(bare: Routes, built_in: BuiltIn) -> None:
    assert (await get(bare, "/healthz")).status == 200
    loading = await get(bare, "/readyz")
    assert loading.status == 503
    assert json.loads(text(loading)) == {"ready": False, "reasons": ["The models are still loading."]}
    assert (await get(bare, "/v1/embeddings", "POST")).status == 503
    bare.ready(built_in)
    assert (await get(bare, "/readyz")).status == 200


async def test_why_it_is_not_ready_is_told(bare: Routes) -> None:
    bare.failed("The weights are gone.")
    assert "The weights are gone." in text(await get(bare, "/readyz"))
    answer = await get(bare, "/v1/chat/completions", "POST")
    assert answer.status == 503
    assert "The weights are gone." in text(answer)


async def test_both_models_are_listed(routes: Routes) -> None:
    listed = json.loads(text(await get(routes, "/v1/models")))
    assert [model["id"] for model in listed["data"]] == ["stoa-embed", "stoa-reader"]


async def test_an_unknown_path_is_told_which_there_are(routes: Routes) -> None:
    answer = await get(routes, "/v1/images")
    assert answer.status == 404
    assert "/v1/embeddings" in text(answer)


async def test_a_known_path_with_another_method_is_told_which_one(routes: Routes) -> None:
    answer = await get(routes, "/v1/embeddings")
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
