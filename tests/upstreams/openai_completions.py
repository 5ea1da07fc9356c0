"""A scripted server of OpenAI's legacy completions. It has no tools and no thinking: those behave as a plain answer does."""

from typing import Any

from tests.upstreams import openai_chat
from tests.upstreams.behaviours import Behaviour, asked, event, streamed, whole, words

from stoa.adapters.providers.memory import Scripted

MODEL = "gpt-3.5-turbo-instruct"
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
_SSE = b"text/event-stream"


def plain(body: bytes) -> Scripted:
    return whole({**_completion(said(body), "stop"), "usage": USAGE})


def stream(body: bytes) -> Scripted:
    wanted = (asked(body).get("stream_options") or {}).get("include_usage") is True
    usage = [event({**_completion("", None), "choices": [], "usage": USAGE})] if wanted else []
    pieces = [event(_completion(word, None)) for word in words(said(body))]
    return streamed([*pieces, event(_completion("", "stop")), *usage, openai_chat.DONE], _SSE)


def dies(body: bytes) -> Scripted:
    return streamed([event(_completion(word, None)) for word in words(said(body))[:2]], _SSE, dies=True)


def in_stream_error(body: bytes) -> Scripted:
    error = {"error": {"message": "The server is overloaded.", "type": "server_error", "param": None, "code": None}}
    return streamed([event(_completion(words(said(body))[0], None)), event(error)], _SSE)


def said(body: bytes) -> str:
    """What the double answers: the prompt, so that a test sees which request it was."""
    return f"You said: {asked(body)['prompt']}"


BEHAVIOURS: dict[str, Behaviour] = openai_chat.BEHAVIOURS | {
    "plain": plain, "stream": stream, "tools": plain, "tools_streamed": stream, "thinking_streamed": stream, "dies": dies,
    "in_stream_error": in_stream_error,
}  # fmt: skip


def _completion(text: str, finish: str | None) -> dict[str, Any]:
    choice = {"text": text, "index": 0, "logprobs": None, "finish_reason": finish}
    head = {"id": "cmpl-scripted1", "object": "text_completion", "created": 1_764_000_000, "model": MODEL}
    return {**head, "choices": [choice]}
