"""The `openai` client on /v1/responses. The scripted upstream's rules say what each answer is."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from asked import KEY, MODEL, PLACE, PNG_BASE64, STOA_URL
from pydantic import BaseModel

WEATHER: Any = {"type": "function", "name": "get_weather", "description": "The weather.", "parameters": PLACE, "strict": True}
QUESTION = "What is the weather in Paris and Rome?"


class Joke(BaseModel):
    setup: str
    punchline: str


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{STOA_URL}/v1", api_key=KEY, max_retries=0) as made:
        yield made


def test_a_response_is_whole_with_usage_and_request_id(client: openai.OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="Reply with CANARY_OK")
    assert (answer.object, answer.status, answer.output_text) == ("response", "completed", "CANARY_OK")
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert answer._request_id


def test_instructions_and_the_conversation_reach_the_model(client: openai.OpenAI) -> None:
    told = client.responses.create(model=MODEL, instructions="Answer in exactly one word.", input="Say hello.")
    assert told.output_text == "Hello."
    named: Any = [
        {"role": "user", "content": "My name is Alice."},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": [{"type": "input_text", "text": "What is my name?"}]},
    ]
    assert client.responses.create(model=MODEL, input=named).output_text == "Alice"


def test_a_stream_is_the_same_answer_in_pieces(client: openai.OpenAI) -> None:
    with client.responses.stream(model=MODEL, input="Count from 1 to 5.") as stream:
        events = list(stream)
        final = stream.get_final_response()
    pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(pieces) >= 5
    assert "".join(pieces) == final.output_text == "1, 2, 3, 4, 5"
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")


def test_tools_are_called_in_parallel_and_their_results_are_read(client: openai.OpenAI) -> None:
    asked: Any = [{"role": "user", "content": QUESTION}]
    called = client.responses.create(model=MODEL, input=asked, tools=[WEATHER])
    calls = [item for item in called.output if item.type == "function_call"]
    assert [json.loads(call.arguments) for call in calls] == [{"place": "Paris"}, {"place": "Rome"}]
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": f"{n} degrees"} for n, call in enumerate(calls)
    ]
    after: Any = [*asked, *called.output, *results]
    assert "1 degrees" in client.responses.create(model=MODEL, input=after, tools=[WEATHER]).output_text


def test_streamed_tool_calls_come_together_in_the_clients_helper(client: openai.OpenAI) -> None:
    with client.responses.stream(model=MODEL, input=QUESTION, tools=[WEATHER]) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_response()
    assert {"response.function_call_arguments.delta", "response.function_call_arguments.done"} <= kinds
    arguments = [json.loads(item.arguments) for item in final.output if item.type == "function_call"]
    assert arguments == [{"place": "Paris"}, {"place": "Rome"}]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "get_weather"}])
def test_tool_choice_decides(client: openai.OpenAI, choice: Any) -> None:
    answer = client.responses.create(model=MODEL, input="Hello", tools=[WEATHER], tool_choice=choice)
    assert [item.type for item in answer.output] == ["function_call"]


def test_a_strict_schema_is_answered_in(client: openai.OpenAI) -> None:
    answer = client.responses.parse(model=MODEL, input="Tell me a joke.", text_format=Joke)
    assert answer.output_parsed == Joke(setup="some setup", punchline="some punchline")


def test_an_image_reaches_the_model(client: openai.OpenAI) -> None:
    image = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG_BASE64}", "detail": "auto"}
    seen: Any = [{"role": "user", "content": [{"type": "input_text", "text": "Describe this."}, image]}]
    answer = client.responses.create(model=MODEL, input=seen)
    assert answer.output_text == "That is a small image, as far as I can tell."


def test_the_limit_leaves_a_response_incomplete(client: openai.OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="Count from 1 to 90.", max_output_tokens=16)
    assert answer.status == "incomplete"
    assert answer.incomplete_details is not None
    assert answer.incomplete_details.reason == "max_output_tokens"


def test_reasoning_is_counted(client: openai.OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="What is 15 * 37?", reasoning={"effort": "low", "summary": "auto"})
    assert answer.output_text == "15 * 37 = 555"
    assert answer.usage is not None
    assert answer.usage.output_tokens_details.reasoning_tokens > 0


def test_errors_are_the_clients_own_classes(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.responses.create(model="nobody", input="Hello")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sk-nobody").responses.create(model=MODEL, input="Hello")
