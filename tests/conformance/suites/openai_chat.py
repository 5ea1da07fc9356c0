"""The `openai` client on chat completions, embeddings and models. The scripted upstream's rules say what each answer is."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from asked import KEY, MODEL, OF_ANTHROPIC, PLACE, PNG_BASE64, STOA_URL
from pydantic import BaseModel

WEATHER: Any = {"type": "function", "function": {"name": "get_weather", "description": "The weather.", "parameters": PLACE}}
QUESTION = "What is the weather in Paris and Rome?"


class Joke(BaseModel):
    setup: str
    punchline: str


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{STOA_URL}/v1", api_key=KEY, max_retries=0) as made:
        yield made


def say(text: str) -> Any:
    return [{"role": "user", "content": text}]


def test_an_answer_is_whole_with_usage_and_request_id(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=say("Reply with CANARY_OK"))
    assert answer.choices[0].message.content == "CANARY_OK"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id


def test_the_system_message_and_the_conversation_reach_the_model(client: openai.OpenAI) -> None:
    told: Any = [{"role": "developer", "content": "Answer in exactly one word."}, *say("Say hello.")]
    assert client.chat.completions.create(model=MODEL, messages=told).choices[0].message.content == "Hello."
    named: Any = [*say("My name is Alice."), {"role": "assistant", "content": "Hello!"}, *say("What is my name?")]
    assert client.chat.completions.create(model=MODEL, messages=named).choices[0].message.content == "Alice"


def test_a_stream_is_the_same_answer_in_pieces(client: openai.OpenAI) -> None:
    with client.chat.completions.create(model=MODEL, messages=say("Count from 1 to 5."), stream=True) as chunks:
        seen = list(chunks)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in seen if chunk.choices) == "1, 2, 3, 4, 5"
    assert [chunk.choices[0].finish_reason for chunk in seen if chunk.choices][-1] == "stop"
    assert all(chunk.usage is None for chunk in seen)
    assert len(seen) >= 5


def test_a_stream_tells_its_usage_once_when_asked(client: openai.OpenAI) -> None:
    options: Any = {"include_usage": True}
    with client.chat.completions.create(model=MODEL, messages=say("Say hello."), stream=True, stream_options=options) as chunks:
        told = [chunk for chunk in chunks if chunk.usage is not None]
    assert len(told) == 1
    assert told[0].choices == []
    assert told[0].usage is not None
    assert told[0].usage.completion_tokens > 0


def test_tools_are_called_in_parallel_and_their_results_are_read(client: openai.OpenAI) -> None:
    asked = say(QUESTION)
    called = client.chat.completions.create(model=MODEL, messages=asked, tools=[WEATHER]).choices[0]
    assert called.finish_reason == "tool_calls"
    calls = called.message.tool_calls or []
    assert [json.loads(call.function.arguments) for call in calls] == [{"place": "Paris"}, {"place": "Rome"}]
    results = [{"role": "tool", "tool_call_id": call.id, "content": f"{n} degrees"} for n, call in enumerate(calls)]
    after: Any = [*asked, called.message.to_dict(), *results]
    answer = client.chat.completions.create(model=MODEL, messages=after, tools=[WEATHER])
    assert "1 degrees" in (answer.choices[0].message.content or "")


def test_one_call_at_a_time_when_that_is_asked(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=say(QUESTION), tools=[WEATHER], parallel_tool_calls=False)
    assert len(answer.choices[0].message.tool_calls or []) == 1


@pytest.mark.parametrize(
    ("choice", "finish"),
    [("none", "stop"), ("required", "tool_calls"), ({"type": "function", "function": {"name": "get_weather"}}, "tool_calls")],
)
def test_tool_choice_decides(client: openai.OpenAI, choice: Any, finish: str) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=say("Hello in Oslo"), tools=[WEATHER], tool_choice=choice)
    found = answer.choices[0]
    assert bool(found.message.tool_calls) == (finish == "tool_calls")


def test_streamed_tool_calls_come_together_in_the_clients_helper(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=say(QUESTION), tools=[WEATHER]) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion().choices[0]
    assert "tool_calls.function.arguments.delta" in kinds
    arguments = [json.loads(call.function.arguments) for call in final.message.tool_calls or []]
    assert arguments == [{"place": "Paris"}, {"place": "Rome"}]
    assert final.finish_reason == "tool_calls"


def test_a_strict_schema_is_answered_in(client: openai.OpenAI) -> None:
    answer = client.chat.completions.parse(model=MODEL, messages=say("Tell me a joke."), response_format=Joke)
    assert answer.choices[0].message.parsed == Joke(setup="some setup", punchline="some punchline")


def test_an_image_reaches_the_model(client: openai.OpenAI) -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG_BASE64}"}}
    seen: Any = [{"role": "user", "content": [{"type": "text", "text": "Describe this."}, image]}]
    answer = client.chat.completions.create(model=MODEL, messages=seen)
    assert answer.choices[0].message.content == "That is a small image, as far as I can tell."


def test_stop_and_the_limit_end_an_answer(client: openai.OpenAI) -> None:
    stopped = client.chat.completions.create(model=MODEL, messages=say("Count from 1 to 9."), stop=["4"]).choices[0]
    assert (stopped.message.content, stopped.finish_reason) == ("1, 2, 3, ", "stop")
    cut = client.chat.completions.create(model=MODEL, messages=say("Count from 1 to 9."), max_completion_tokens=3).choices[0]
    assert (cut.message.content, cut.finish_reason) == ("1, 2, 3,", "length")


def test_reasoning_is_counted(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL, messages=say("What is 15 * 37?"), reasoning_effort="low", max_completion_tokens=4096
    )
    assert answer.choices[0].message.content == "15 * 37 = 555"
    assert answer.usage is not None
    assert answer.usage.completion_tokens_details is not None
    assert answer.usage.completion_tokens_details.reasoning_tokens


@pytest.mark.skipif(OF_ANTHROPIC, reason="Anthropic's form gives one answer, without probabilities")
def test_several_choices_and_probabilities(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=say("Say hello."), n=2, logprobs=True)
    assert [choice.index for choice in answer.choices] == [0, 1]
    logprobs = answer.choices[1].logprobs
    assert logprobs is not None
    assert logprobs.content


@pytest.mark.skipif(not OF_ANTHROPIC, reason="what Anthropic's form has no place for")
@pytest.mark.parametrize("field", [{"n": 2}, {"logprobs": True}, {"seed": 7}, {"logit_bias": {"50256": -100}}])
def test_what_the_upstream_has_no_place_for_is_refused_by_name(client: openai.OpenAI, field: Any) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=MODEL, messages=say("Hello"), **field)
    assert refused.value.param == next(iter(field))


def test_errors_are_the_clients_own_classes(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="nobody", messages=say("Hello"))
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError) as stranger:
        client.with_options(api_key="sk-nobody").chat.completions.create(model=MODEL, messages=say("Hello"))
    assert stranger.value.code == "invalid_api_key"
    with pytest.raises(openai.BadRequestError) as empty:
        client.chat.completions.create(model=MODEL, messages=[])
    assert empty.value.param == "messages"


def test_models_are_listed_and_shown(client: openai.OpenAI) -> None:
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).object == "model"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody")


def test_embeddings_come_as_numbers_in_either_encoding(client: openai.OpenAI) -> None:
    packed = client.embeddings.create(model="embed-script", input=["one", "two"])
    plain = client.embeddings.create(model="embed-script", input="one", encoding_format="float", dimensions=8)
    assert [each.index for each in packed.data] == [0, 1]
    assert len(packed.data[0].embedding) == 16
    assert plain.data[0].embedding == pytest.approx(packed.data[0].embedding[:8])


async def test_the_asynchronous_client_streams() -> None:
    async with openai.AsyncOpenAI(base_url=f"{STOA_URL}/v1", api_key=KEY, max_retries=0) as client:
        stream = await client.chat.completions.create(model=MODEL, messages=say("Count from 1 to 3."), stream=True)
        async with stream:
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
    assert text == "1, 2, 3"
