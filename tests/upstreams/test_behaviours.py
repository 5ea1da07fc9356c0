"""The doubles behave as their providers do: what the codecs read of them is what a test would expect of the real ones."""

import pytest
from tests.upstreams import anthropic, bedrock, cohere, gemini, openai_chat, openai_completions, openai_responses
from tests.upstreams.behaviours import Behaviour, steps

from stoa.dialects.answer import Ended, Failed, Finished, TextPiece, ThinkingPiece, ToolCallPiece, ToolCallStarted, UsageTold
from stoa.dialects.anthropic.form import MessagesUpstream
from stoa.dialects.bedrock.form import Bedrock
from stoa.dialects.cohere.form import Cohere
from stoa.dialects.conversation import Conversation, Message, Text, Tool, ToolCall
from stoa.dialects.forms import AnswerFailed, Upstream
from stoa.dialects.gemini.form import Gemini
from stoa.dialects.openai.chat import ChatUpstream
from stoa.domain.upstream import Facts

FORMS: dict[str, tuple[Upstream, dict[str, Behaviour]]] = {
    "chat": (ChatUpstream(), openai_chat.BEHAVIOURS),
    "messages": (MessagesUpstream(), anthropic.BEHAVIOURS),
    "gemini": (Gemini(), gemini.BEHAVIOURS),
    "bedrock": (Bedrock(), bedrock.BEHAVIOURS),
    "cohere": (Cohere(), cohere.BEHAVIOURS),
}
each = pytest.mark.parametrize("form", FORMS)
REQUEST = Conversation(
    model="route",
    messages=[Message(role="user", content=[Text(text="good day to you")])],
    tools=[Tool(name="weather")],
    stream=True,
)


def asked(form: str) -> bytes:
    return FORMS[form][0].write(REQUEST, model="gemini-3-pro-preview", facts=Facts())


def test_every_double_knows_every_behaviour() -> None:
    asked_of_all = openai_chat.BEHAVIOURS.keys()
    passing = (openai_completions.BEHAVIOURS, openai_responses.BEHAVIOURS)
    for behaviours in (*passing, *(each for _, each in FORMS.values())):
        assert behaviours.keys() >= asked_of_all


@each
def test_a_whole_answer_echoes_the_request(form: str) -> None:
    codec, behaviours = FORMS[form]
    answer = codec.read_answer(b"".join(behaviours["plain"](asked(form)).pieces), model="m")
    assert answer.choices[0].content == [Text(text="You said: good day to you")]
    assert answer.usage is not None
    assert (answer.usage.input, answer.usage.output) == (11, 7)


@each
@pytest.mark.parametrize("name", ["stream", "thinking_streamed"])
def test_a_stream_says_the_same_in_pieces(form: str, name: str) -> None:
    codec, behaviours = FORMS[form]
    reader = codec.stream_reader(model="m")
    pieces = [reader.feed(piece) for piece in behaviours[name](asked(form)).pieces]
    events = [event for piece in pieces for event in piece]
    assert "".join(event.text for event in events if isinstance(event, TextPiece)) == "You said: good day to you"
    thoughts = "".join(event.text for event in events if isinstance(event, ThinkingPiece))
    assert thoughts == ("Let me think." if name == "thinking_streamed" else "")
    assert isinstance(events[-3], Finished)
    assert isinstance(events[-2], UsageTold)
    assert isinstance(events[-1], Ended)


@each
def test_tools_are_called_two_at_a_time(form: str) -> None:
    codec, behaviours = FORMS[form]
    answer = codec.read_answer(b"".join(behaviours["tools"](asked(form)).pieces), model="m")
    calls = [part for part in answer.choices[0].content if isinstance(part, ToolCall)]
    reader = codec.stream_reader(model="m")
    events = [event for piece in behaviours["tools_streamed"](asked(form)).pieces for event in reader.feed(piece)]
    started = [event for event in events if isinstance(event, ToolCallStarted)]
    assert [call.name for call in calls] == [event.name for event in started] == ["weather", "weather"]
    for number, call in enumerate(calls):
        pieces = [event.arguments for event in events if isinstance(event, ToolCallPiece) and event.number == number]
        assert "".join(pieces).replace(" ", "") == call.arguments.replace(" ", "")
    assert answer.choices[0].finish == "tool_calls"


@each
@pytest.mark.parametrize(
    ("name", "status", "error_class"),
    [("rate_limit", 429, "rate_limit"), ("server_error", 500, "server_error"), ("context_window", 400, "context_window")],
)
def test_errors_are_of_their_class(form: str, name: str, status: int, error_class: str) -> None:
    codec, behaviours = FORMS[form]
    answer = behaviours[name](asked(form))
    assert answer.status == (529 if (form, name) == ("messages", "server_error") else status)  # a status of its own
    error = codec.read_error(status, b"".join(answer.pieces))
    assert error.error_class == error_class
    if name == "rate_limit":
        told = error.retry_after_s == 2 or (b"retry-after", b"2") in answer.headers
        assert told is (form != "bedrock")


@each
def test_a_stream_that_dies_never_ends(form: str) -> None:
    codec, behaviours = FORMS[form]
    answer = behaviours["dies"](asked(form))
    reader = codec.stream_reader(model="m")
    events = [event for piece in answer.pieces for event in reader.feed(piece)]
    assert any(isinstance(event, TextPiece) for event in events)
    assert not any(isinstance(event, Ended | Failed | Finished) for event in events)
    assert answer.failure is not None
    assert steps(answer)[-1] is None


@each
def test_an_error_within_a_stream_comes_after_content(form: str) -> None:
    codec, behaviours = FORMS[form]
    reader = codec.stream_reader(model="m")
    events = [event for piece in behaviours["in_stream_error"](asked(form)).pieces for event in reader.feed(piece)]
    assert isinstance(events[-2], TextPiece)
    assert isinstance(events[-1], Failed)
    assert events[-1].error_class == "server_error"


def test_each_provider_blocks_content_in_its_own_way() -> None:
    with pytest.raises(AnswerFailed) as blocked:
        Gemini().read_answer(b"".join(gemini.content_policy(asked("gemini")).pieces), model="m")
    assert blocked.value.error.error_class == "content_policy"
    guarded = Bedrock().read_answer(b"".join(bedrock.content_policy(asked("bedrock")).pieces), model="m")
    assert guarded.choices[0].finish == "content_filter"
    refused = cohere.content_policy(asked("cohere"))
    assert Cohere().read_error(400, b"".join(refused.pieces)).error_class == "content_policy"


def test_blocked_content_is_told_on_streams_too() -> None:
    (piece,) = gemini.content_policy_streamed(asked("gemini")).pieces
    failed = Gemini().stream_reader(model="m").feed(piece)[-1]
    assert isinstance(failed, Failed)
    assert failed.error_class == "content_policy"
    reader = Bedrock().stream_reader(model="m")
    events = [event for piece in bedrock.content_policy_streamed(asked("bedrock")).pieces for event in reader.feed(piece)]
    assert Finished("content_filter") in events


def test_steps_are_an_answer_in_chunks() -> None:
    head, chunk, last = steps(gemini.rate_limit(b"{}"))
    assert head is not None and chunk is not None
    assert head.startswith(b"HTTP/1.1 429 ")
    assert head.endswith(b"transfer-encoding: chunked\r\n\r\n")
    size, _, rest = chunk.partition(b"\r\n")
    assert len(rest) == int(size, 16) + 2
    assert last == b"0\r\n\r\n"
