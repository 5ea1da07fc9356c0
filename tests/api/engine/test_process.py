"""A whole engine process, spoken to by the client that applications use."""

import time
from typing import Any

import httpx
import openai
import pytest

pytestmark = pytest.mark.slow

SYSTEM = "Answer from the passages.\n\nPassages:\n\n[1] Leave policy\nEmployees have 28 days of paid annual leave per year."


@pytest.fixture(scope="module")
def client(engine: Any) -> openai.OpenAI:
    for _ in range(900):
        try:
            if httpx.get(f"{engine.url}/readyz", timeout=30).status_code == 200:
                break
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    return openai.OpenAI(base_url=f"{engine.url}/v1", api_key="none", max_retries=0)


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["stoa-embed", "stoa-reader"]


def test_texts_are_embedded(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="stoa-embed", input=["annual leave", "holiday", "centrifuge"])
    assert [len(item.embedding) for item in answer.data] == [384, 384, 384]


def test_an_answer_comes_whole_and_as_a_stream(client: openai.OpenAI) -> None:
    messages: Any = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "How many days of annual leave are there?"},
    ]
    whole = client.chat.completions.create(model="stoa-reader", messages=messages)
    assert whole.choices[0].message.content == "Employees have 28 days of paid annual leave per year. [1]"
    stream = client.chat.completions.create(
        model="stoa-reader", messages=messages, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage


def test_an_error_arrives_as_the_clients_own(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="stoa-reader"):
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hi"}])
    with pytest.raises(openai.BadRequestError, match="384"):
        client.embeddings.create(model="stoa-embed", input="x", dimensions=8)
