"""A scripted server of OpenAI's chat completions: whole answers and chunks, as OpenAI writes them."""

from typing import Any

from tests.upstreams.behaviours import Behaviour, asked, event, streamed, whole, words

from stoa.adapters.providers.memory import Scripted

MODEL = "gpt-5.1-2026-01-15"
USAGE = {
    "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18, "prompt_tokens_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}  # fmt: skip
DONE = b"data: [DONE]\n\n"
_SSE = b"text/event-stream"


def plain(body: bytes) -> Scripted:
    return whole(_answer({"content": said(body)}, "stop"))


def stream(body: bytes) -> Scripted:
    return _streamed(body, [_chunk({"content": word}) for word in words(said(body))], "stop")


def tools(body: bytes) -> Scripted:
    return whole(_answer({"content": None, "tool_calls": [_call(body, place) for place in range(2)]}, "tool_calls"))


def tools_streamed(body: bytes) -> Scripted:
    pieces: list[bytes] = []
    for place in range(2):
        call = _call(body, place)
        opened = {**call, "index": place, "function": {"name": call["function"]["name"], "arguments": ""}}
        pieces.append(_chunk({"tool_calls": [opened]}))
        for piece in words(call["function"]["arguments"]):
            pieces.append(_chunk({"tool_calls": [{"index": place, "function": {"arguments": piece}}]}))
    return _streamed(body, pieces, "tool_calls")


def thinking_streamed(body: bytes) -> Scripted:
    """As servers of open models write it; OpenAI's own keep their thinking to themselves."""
    thoughts = [_chunk({"reasoning_content": word}) for word in words("Let me think.")]
    return _streamed(body, [*thoughts, *(_chunk({"content": word}) for word in words(said(body)))], "stop")


def rate_limit(body: bytes) -> Scripted:
    del body
    return _error(429, "Rate limit reached for gpt-5.1.", "requests", "rate_limit_exceeded", retry_after=b"2")


def server_error(body: bytes) -> Scripted:
    del body
    return _error(500, "The server had an error while processing your request.", "server_error", None)


def dies(body: bytes) -> Scripted:
    return streamed([_chunk({"role": "assistant"}), *(_chunk({"content": w}) for w in words(said(body))[:2])], _SSE, dies=True)


def in_stream_error(body: bytes) -> Scripted:
    error = {"error": {"message": "The server is overloaded.", "type": "server_error", "param": None, "code": None}}
    return streamed([_chunk({"role": "assistant"}), _chunk({"content": words(said(body))[0]}), event(error)], _SSE)


def context_window(body: bytes) -> Scripted:
    del body
    told = "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens."
    return _error(400, told, "invalid_request_error", "context_length_exceeded", param="messages")


def content_policy(body: bytes) -> Scripted:
    del body
    return _error(400, "The response was filtered by the content management policy.", None, "content_filter")


def content_policy_streamed(body: bytes) -> Scripted:
    """Refused before a stream begins."""
    return content_policy(body)


def said(body: bytes) -> str:
    """What the double answers: the last text of the user, so that a test sees which request it was."""
    content = [message["content"] for message in asked(body)["messages"] if message["role"] == "user"][-1]
    texts = [content] if isinstance(content, str) else [part["text"] for part in content if part["type"] == "text"]
    return f"You said: {texts[-1] if texts else ''}"


BEHAVIOURS: dict[str, Behaviour] = {
    "plain": plain, "stream": stream, "tools": tools, "tools_streamed": tools_streamed, "thinking_streamed": thinking_streamed,
    "rate_limit": rate_limit, "server_error": server_error, "dies": dies, "in_stream_error": in_stream_error,
    "context_window": context_window, "content_policy": content_policy,
    "content_policy_streamed": content_policy_streamed,
}  # fmt: skip


def _answer(message: dict[str, Any], finish: str) -> dict[str, Any]:
    said_ = {"role": "assistant", "content": None, "refusal": None, "annotations": [], **message}
    return {
        "id": "chatcmpl-scripted1", "object": "chat.completion", "created": 1_764_000_000, "model": MODEL,
        "choices": [{"index": 0, "message": said_, "logprobs": None, "finish_reason": finish}], "usage": USAGE,
        "service_tier": "default", "system_fingerprint": None,
    }  # fmt: skip


def _chunk(delta: dict[str, Any], finish: str | None = None, **fields: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    head = {"id": "chatcmpl-scripted1", "object": "chat.completion.chunk", "created": 1_764_000_000, "model": MODEL}
    return event({**head, "choices": [choice], "usage": None, **fields})


def _streamed(body: bytes, pieces: list[bytes], finish: str) -> Scripted:
    """The usage only for those who ask for it, as OpenAI does."""
    wanted = (asked(body).get("stream_options") or {}).get("include_usage") is True
    usage = [_chunk({}, choices=[], usage=USAGE)] if wanted else []
    opened = _chunk({"role": "assistant", "content": "", "refusal": None})
    return streamed([opened, *pieces, _chunk({}, finish), *usage, DONE], _SSE)


def _call(body: bytes, place: int) -> dict[str, Any]:
    name, town = asked(body)["tools"][0]["function"]["name"], ("Bonn", "Kiel")[place]
    return {"id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": f'{{"town": "{town}"}}'}}


def _error(
    status: int, message: str, kind: str | None, code: str | None, *, param: str | None = None, retry_after: bytes = b""
) -> Scripted:
    error = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return whole(error, status=status, headers=[(b"retry-after", retry_after)] if retry_after else ())
