"""The `openai` client on the legacy /v1/completions. The scripted upstream's rules say what each answer is."""

from collections.abc import Iterator

import openai
import pytest
from asked import KEY, MODEL, STOA_URL


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{STOA_URL}/v1", api_key=KEY, max_retries=0) as made:
        yield made


def test_a_prompt_is_completed(client: openai.OpenAI) -> None:
    answer = client.completions.create(model=MODEL, prompt="Reply with CANARY_OK", max_tokens=20)
    assert (answer.object, answer.choices[0].text, answer.choices[0].finish_reason) == ("text_completion", "CANARY_OK", "stop")
    assert answer.usage is not None
    assert answer.usage.total_tokens > 0


def test_a_stream_is_the_same_answer_in_pieces(client: openai.OpenAI) -> None:
    with client.completions.create(model=MODEL, prompt="Count from 1 to 5.", max_tokens=50, stream=True) as chunks:
        seen = list(chunks)
    assert "".join(choice.text for chunk in seen for choice in chunk.choices) == "1, 2, 3, 4, 5"
    assert {chunk.object for chunk in seen} == {"text_completion"}


def test_stop_and_the_limit_end_a_completion(client: openai.OpenAI) -> None:
    stopped = client.completions.create(model=MODEL, prompt="Count from 1 to 9.", max_tokens=50, stop="4").choices[0]
    assert (stopped.text, stopped.finish_reason) == ("1, 2, 3, ", "stop")
    cut = client.completions.create(model=MODEL, prompt="Count from 1 to 9.", max_tokens=3).choices[0]
    assert cut.finish_reason == "length"
