"""A scripted server of Anthropic's messages: whole messages and named events, as Anthropic writes them."""

from typing import Any

from tests.upstreams.behaviours import Behaviour, asked, event, streamed, whole, words

from stoa.adapters.providers.memory import Scripted

MODEL = "claude-sonnet-4-5-20250929"
SIGNATURE = "EqQBCgIYAhIM1gbcDa9GJwZA2b3h"
USAGE = {
    "input_tokens": 11, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}, "output_tokens": 7,
    "service_tier": "standard",
}  # fmt: skip
_SSE = b"text/event-stream; charset=utf-8"
_TOWNS = ("Bonn", "Kiel")


def plain(body: bytes) -> Scripted:
    return whole(_message([{"type": "text", "text": said(body)}], "end_turn"))


def stream(body: bytes) -> Scripted:
    return streamed([*_start(), *_text(0, said(body)), *_end("end_turn")], _SSE)


def tools(body: bytes) -> Scripted:
    calls = [_call(body, place) | {"input": {"town": town}} for place, town in enumerate(_TOWNS)]
    return whole(_message([{"type": "text", "text": "Looking."}, *calls], "tool_use"))


def tools_streamed(body: bytes) -> Scripted:
    pieces = [*_start(), *_text(0, "Looking.")]
    for place, town in enumerate(_TOWNS):
        arguments = [{"type": "input_json_delta", "partial_json": each} for each in ("", '{"town":', f' "{town}"}}')]
        pieces += _block(place + 1, _call(body, place), arguments)
    return streamed([*pieces, *_end("tool_use")], _SSE)


def thinking_streamed(body: bytes) -> Scripted:
    thoughts = [{"type": "thinking_delta", "thinking": word} for word in words("Let me think.")]
    signed = [*thoughts, {"type": "signature_delta", "signature": SIGNATURE}]
    thinking = _block(0, {"type": "thinking", "thinking": "", "signature": ""}, signed)
    return streamed([*_start(), *thinking, *_text(1, said(body)), *_end("end_turn")], _SSE)


def rate_limit(body: bytes) -> Scripted:
    del body
    told = "This request would exceed your organization's rate limit of 50 requests per minute."
    return _error(429, "rate_limit_error", told, retry_after=b"2")


def server_error(body: bytes) -> Scripted:
    del body
    return _error(500, "api_error", "Internal server error")


def dies(body: bytes) -> Scripted:
    return streamed([*_start(), *_text(0, said(body))[:3]], _SSE, dies=True)


def in_stream_error(body: bytes) -> Scripted:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    return streamed([*_start(), *_text(0, said(body))[:2], _event(overloaded)], _SSE)


def in_stream_error_first(body: bytes) -> Scripted:
    """Before any content."""
    del body
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    return streamed([*_start(), _event(overloaded)], _SSE)


def context_window(body: bytes) -> Scripted:
    del body
    return _error(400, "invalid_request_error", "prompt is too long: 205000 tokens > 200000 maximum")


def content_policy(body: bytes) -> Scripted:
    del body
    return _error(400, "invalid_request_error", "Output blocked by content filtering policy")


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


def _message(content: list[Any], stop: str | None) -> dict[str, Any]:
    return {
        "id": "msg_scripted1", "type": "message", "role": "assistant", "model": MODEL, "content": content,
        "stop_reason": stop, "stop_sequence": None, "usage": USAGE,
    }  # fmt: skip


def _event(data: dict[str, Any]) -> bytes:
    return event(data, data["type"])


def _start() -> list[bytes]:
    begun = _message([], None) | {"usage": USAGE | {"output_tokens": 1}}
    return [_event({"type": "message_start", "message": begun}), _event({"type": "ping"})]


def _block(index: int, block: dict[str, Any], deltas: list[dict[str, Any]]) -> list[bytes]:
    return [
        _event({"type": "content_block_start", "index": index, "content_block": block}),
        *(_event({"type": "content_block_delta", "index": index, "delta": delta}) for delta in deltas),
        _event({"type": "content_block_stop", "index": index}),
    ]


def _text(index: int, text: str) -> list[bytes]:
    return _block(index, {"type": "text", "text": ""}, [{"type": "text_delta", "text": word} for word in words(text)])


def _end(stop: str) -> list[bytes]:
    usage = {name: USAGE[name] for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")}
    told = {"stop_reason": stop, "stop_sequence": None}
    delta = {"type": "message_delta", "delta": told, "usage": {**usage, "output_tokens": 7}}
    return [_event(delta), _event({"type": "message_stop"})]


def _call(body: bytes, place: int) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{place}", "name": asked(body)["tools"][0]["name"], "input": {}}


def _error(status: int, kind: str, message: str, *, retry_after: bytes = b"") -> Scripted:
    error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_scripted"}
    return whole(error, status=status, headers=[(b"retry-after", retry_after)] if retry_after else ())
