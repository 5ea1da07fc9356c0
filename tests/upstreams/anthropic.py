"""A scripted Anthropic: messages whole, and their named events streamed."""

from typing import Any

from tests.upstreams.behaviours import Behaviour, asked, event, streamed, whole, words

from stoa.adapters.providers.memory import Scripted

MODEL = "claude-sonnet-4-6"
SIGNATURE = "EqQBCgIYAhIM1gbcDa9GJwZA2b3h"
_SSE = b"text/event-stream; charset=utf-8"
_TOWNS = ((1, "Bonn"), (2, "Kiel"))


def plain(body: bytes) -> Scripted:
    return whole(_message([{"type": "text", "text": said(body)}], "end_turn"))


def stream(body: bytes) -> Scripted:
    return streamed([*_start(), *_text(0, said(body)), *_end("end_turn")], _SSE)


def tools(body: bytes) -> Scripted:
    return whole(_message([{"type": "text", "text": "Looking."}, *(_call(body, *each) for each in _TOWNS)], "tool_use"))


def tools_streamed(body: bytes) -> Scripted:
    pieces = [*_start(), *_text(0, "Looking.")]
    for place, town in _TOWNS:
        pieces.append(_event("content_block_start", index=place, content_block=_call(body, place, town) | {"input": {}}))
        for piece in ("", '{"town":', f' "{town}"}}'):
            pieces.append(_delta(place, {"type": "input_json_delta", "partial_json": piece}))
        pieces.append(_event("content_block_stop", index=place))
    return streamed([*pieces, *_end("tool_use")], _SSE)


def thinking_streamed(body: bytes) -> Scripted:
    start = _event("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""})
    thoughts = [_delta(0, {"type": "thinking_delta", "thinking": word}) for word in words("Let me think.")]
    signed = [_delta(0, {"type": "signature_delta", "signature": SIGNATURE}), _event("content_block_stop", index=0)]
    return streamed([*_start(), start, *thoughts, *signed, *_text(1, said(body)), *_end("end_turn")], _SSE)


def rate_limit(body: bytes) -> Scripted:
    del body
    limits = [(b"retry-after", b"2"), (b"anthropic-ratelimit-requests-remaining", b"0")]
    return _error(429, "rate_limit_error", "This request would exceed your organization's rate limit.", limits)


def server_error(body: bytes) -> Scripted:
    """Its own status for being overloaded."""
    del body
    return _error(529, "overloaded_error", "Overloaded")


def dies(body: bytes) -> Scripted:
    return streamed([*_start(), *_text(0, said(body))[:3]], _SSE, dies=True)


def in_stream_error(body: bytes) -> Scripted:
    error = _event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    return streamed([*_start(), *_text(0, said(body))[:2], error], _SSE)


def context_window(body: bytes) -> Scripted:
    del body
    return _error(400, "invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum")


def content_policy(body: bytes) -> Scripted:
    """It refuses in the answer."""
    del body
    return whole(_message([], "refusal"))


def content_policy_streamed(body: bytes) -> Scripted:
    del body
    return streamed([*_start(), *_end("refusal")], _SSE)


def credentials(body: bytes) -> Scripted:
    del body
    return _error(401, "authentication_error", "invalid x-api-key")


def in_stream_error_first(body: bytes) -> Scripted:
    del body
    return streamed([*_start(), _event("error", error={"type": "overloaded_error", "message": "Overloaded"})], _SSE)


def said(body: bytes) -> str:
    """What the double answers: the last text of the user, so that a test sees which request it was."""
    contents = [message["content"] for message in asked(body)["messages"]]
    texts = [each if isinstance(each, str) else block.get("text", "") for each in contents for block in each]
    return f"You said: {texts[-1] if texts else ''}"


BEHAVIOURS: dict[str, Behaviour] = {
    "plain": plain, "stream": stream, "tools": tools, "tools_streamed": tools_streamed, "thinking_streamed": thinking_streamed,
    "rate_limit": rate_limit, "server_error": server_error, "dies": dies, "in_stream_error": in_stream_error,
    "context_window": context_window, "content_policy": content_policy,
    "content_policy_streamed": content_policy_streamed, "credentials": credentials,
    "in_stream_error_first": in_stream_error_first,
}  # fmt: skip


def _message(content: list[Any], stop: str | None, *, output: int = 7) -> dict[str, Any]:
    usage = {"input_tokens": 11, "output_tokens": output, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": content, "stop_reason": stop,
        "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def _event(name: str, **fields: Any) -> bytes:
    return event({"type": name, **fields}, name)


def _start() -> list[bytes]:
    return [_event("message_start", message=_message([], None, output=1)), _event("ping")]


def _delta(place: int, delta: dict[str, Any]) -> bytes:
    return _event("content_block_delta", index=place, delta=delta)


def _text(place: int, text: str) -> list[bytes]:
    start = _event("content_block_start", index=place, content_block={"type": "text", "text": ""})
    deltas = [_delta(place, {"type": "text_delta", "text": word}) for word in words(text)]
    return [start, *deltas, _event("content_block_stop", index=place)]


def _end(stop: str) -> list[bytes]:
    told = {"stop_reason": stop, "stop_sequence": None}
    return [_event("message_delta", delta=told, usage={"output_tokens": 7}), _event("message_stop")]


def _call(body: bytes, place: int, town: str) -> dict[str, Any]:
    name = asked(body)["tools"][0]["name"]
    return {"type": "tool_use", "id": f"toolu_{place}", "name": name, "input": {"town": town}}


def _error(status: int, kind: str, message: str, headers: list[tuple[bytes, bytes]] | None = None) -> Scripted:
    return whole({"type": "error", "error": {"type": kind, "message": message}}, status=status, headers=headers or ())
