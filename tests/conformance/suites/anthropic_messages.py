"""The `anthropic` client on /v1/messages. The scripted upstream's rules say what each answer is."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from asked import KEY, MODEL, OF_ANTHROPIC, PLACE, PNG_BASE64, STOA_URL

WEATHER: Any = {"name": "get_weather", "description": "The weather.", "input_schema": PLACE}
QUESTION = "What is the weather in Paris and Rome?"


@pytest.fixture(scope="module")
def client() -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=STOA_URL, api_key=KEY, max_retries=0) as made:
        yield made


def say(text: str) -> Any:
    return [{"role": "user", "content": text}]


def text_of(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def test_a_message_is_answered_whole(client: anthropic.Anthropic) -> None:
    answer = client.messages.create(model=MODEL, max_tokens=100, messages=say("Reply with CANARY_OK"))
    assert (answer.type, answer.role, answer.stop_reason, text_of(answer)) == ("message", "assistant", "end_turn", "CANARY_OK")
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0
    assert answer._request_id


@pytest.mark.parametrize("credential", [{"auth_token": KEY}, {"default_headers": {"X-Api-Key": KEY}}])
def test_a_key_is_taken_as_a_bearer_token_and_in_the_header_of_older_clients(credential: Any) -> None:
    with anthropic.Anthropic(base_url=STOA_URL, api_key=None, max_retries=0, **credential) as other:
        assert text_of(other.messages.create(model=MODEL, max_tokens=9, messages=say("Reply with YES"))) == "YES"


@pytest.mark.parametrize("system", ["Answer in exactly one word.", [{"type": "text", "text": "Answer in exactly one word."}]])
def test_the_system_prompt_and_the_conversation_reach_the_model(client: anthropic.Anthropic, system: Any) -> None:
    answer = client.messages.create(model=MODEL, max_tokens=100, system=system, messages=say("Say hello."))
    assert text_of(answer) == "Hello."
    named: Any = [*say("My name is Alice."), {"role": "assistant", "content": "Hello!"}, *say("What is my name?")]
    assert text_of(client.messages.create(model=MODEL, max_tokens=100, messages=named)) == "Alice"


def test_a_stream_is_the_same_answer_in_pieces(client: anthropic.Anthropic) -> None:
    with client.messages.stream(model=MODEL, max_tokens=100, messages=say("Count from 1 to 5.")) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert len(pieces) >= 5
    assert "".join(pieces) == text_of(final) == "1, 2, 3, 4, 5"
    assert final.stop_reason == "end_turn"
    assert final.usage.input_tokens > 0
    assert final.usage.output_tokens > 0


def test_the_events_of_a_stream_come_in_anthropics_order(client: anthropic.Anthropic) -> None:
    with client.messages.create(model=MODEL, max_tokens=100, messages=say("Say hello."), stream=True) as stream:
        kinds = [event.type for event in stream]
    assert list(dict.fromkeys(kinds)) == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_tools_are_called_in_parallel_and_their_results_are_read(client: anthropic.Anthropic) -> None:
    asked = say(QUESTION)
    called = client.messages.create(model=MODEL, max_tokens=200, messages=asked, tools=[WEATHER])
    assert called.stop_reason == "tool_use"
    calls = [block for block in called.content if block.type == "tool_use"]
    assert [call.input for call in calls] == [{"place": "Paris"}, {"place": "Rome"}]
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": f"{n} degrees"} for n, call in enumerate(calls)]
    after: Any = [*asked, {"role": "assistant", "content": called.content}, {"role": "user", "content": results}]
    answer = client.messages.create(model=MODEL, max_tokens=200, messages=after, tools=[WEATHER])
    assert answer.stop_reason == "end_turn"
    assert "1 degrees" in text_of(answer)


def test_a_failed_tool_is_told_to_the_model(client: anthropic.Anthropic) -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"place": "Oslo"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "no such place", "is_error": True}
    told: Any = [
        *say("What is the weather in Oslo?"),
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    assert "no such place" in text_of(client.messages.create(model=MODEL, max_tokens=200, messages=told, tools=[WEATHER]))


@pytest.mark.parametrize(
    ("choice", "stop"),
    [({"type": "none"}, "end_turn"), ({"type": "any"}, "tool_use"), ({"type": "tool", "name": "get_weather"}, "tool_use")],
)
def test_tool_choice_decides(client: anthropic.Anthropic, choice: Any, stop: str) -> None:
    answer = client.messages.create(model=MODEL, max_tokens=200, messages=say("Hello"), tools=[WEATHER], tool_choice=choice)
    assert answer.stop_reason == stop


def test_one_call_at_a_time_when_that_is_asked(client: anthropic.Anthropic) -> None:
    choice: Any = {"type": "auto", "disable_parallel_tool_use": True}
    answer = client.messages.create(model=MODEL, max_tokens=200, messages=say(QUESTION), tools=[WEATHER], tool_choice=choice)
    assert len([block for block in answer.content if block.type == "tool_use"]) == 1


def test_streamed_tool_calls_come_together_in_the_clients_helper(client: anthropic.Anthropic) -> None:
    with client.messages.stream(model=MODEL, max_tokens=200, messages=say(QUESTION), tools=[WEATHER]) as stream:
        partial = "".join(event.partial_json for event in stream if event.type == "input_json")
        final = stream.get_final_message()
    assert [block.input for block in final.content if block.type == "tool_use"] == [{"place": "Paris"}, {"place": "Rome"}]
    assert json.loads(partial.partition("}")[0] + "}") == {"place": "Paris"}
    assert final.stop_reason == "tool_use"


def test_an_image_reaches_the_model(client: anthropic.Anthropic) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": PNG_BASE64}
    seen: Any = [{"role": "user", "content": [{"type": "image", "source": source}, {"type": "text", "text": "Describe this."}]}]
    answer = client.messages.create(model=MODEL, max_tokens=100, messages=seen)
    assert text_of(answer) == "That is a small image, as far as I can tell."


def test_stop_sequences_and_the_limit_end_an_answer(client: anthropic.Anthropic) -> None:
    asked = say("Count from 1 to 9.")
    stopped = client.messages.create(model=MODEL, max_tokens=100, messages=asked, stop_sequences=["4"])
    assert text_of(stopped) == "1, 2, 3, "
    if OF_ANTHROPIC:  # OpenAI's form does not tell which one it was
        assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "4")
    cut = client.messages.create(model=MODEL, max_tokens=3, messages=asked)
    assert (text_of(cut), cut.stop_reason) == ("1, 2, 3,", "max_tokens")


def test_thinking_comes_before_the_answer_and_may_be_sent_back(client: anthropic.Anthropic) -> None:
    thinking: Any = {"type": "enabled", "budget_tokens": 2048}
    asked = say("What is 15 * 37?")
    answer = client.messages.create(model=MODEL, max_tokens=4096, messages=asked, thinking=thinking)
    assert [block.type for block in answer.content] == ["thinking", "text"]
    assert text_of(answer) == "15 * 37 = 555"
    again: Any = [*asked, {"role": "assistant", "content": answer.content}, *say("Reply with THANKS")]
    assert text_of(client.messages.create(model=MODEL, max_tokens=4096, messages=again, thinking=thinking)) == "THANKS"


def test_streamed_thinking_is_put_together_by_the_clients_helper(client: anthropic.Anthropic) -> None:
    thinking: Any = {"type": "enabled", "budget_tokens": 2048}
    asked = say("What is 15 * 37?")
    with client.messages.stream(model=MODEL, max_tokens=4096, messages=asked, thinking=thinking) as stream:
        final = stream.get_final_message()
    assert [block.type for block in final.content] == ["thinking", "text"]
    assert text_of(final) == "15 * 37 = 555"


def test_tokens_are_counted_before_they_are_spent(client: anthropic.Anthropic) -> None:
    few = client.messages.count_tokens(model=MODEL, messages=say("Hello"))
    many = client.messages.count_tokens(model=MODEL, messages=say("Hello " * 100), system="Be brief.", tools=[WEATHER])
    assert 0 < few.input_tokens < many.input_tokens


def test_errors_are_the_clients_own_classes(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as unknown:
        client.messages.create(model="nobody", max_tokens=9, messages=say("Hello"))
    assert unknown.value.body["type"] == "error"
    assert unknown.value.body["error"]["type"] == "not_found_error"
    with pytest.raises(anthropic.AuthenticationError) as stranger:
        client.with_options(api_key="sk-nobody").messages.create(model=MODEL, max_tokens=9, messages=say("Hello"))
    assert stranger.value.body["error"]["type"] == "authentication_error"
    with pytest.raises(anthropic.BadRequestError) as empty:
        client.messages.create(model=MODEL, max_tokens=9, messages=[])
    assert empty.value.body["error"]["type"] == "invalid_request_error"


async def test_the_asynchronous_client_streams() -> None:
    async with (
        anthropic.AsyncAnthropic(base_url=STOA_URL, api_key=KEY, max_retries=0) as client,
        client.messages.stream(model=MODEL, max_tokens=100, messages=say("Count from 1 to 3.")) as stream,
    ):
        assert "".join([text async for text in stream.text_stream]) == "1, 2, 3"
