"""A scripted AWS Converse: JSON whole, binary event-stream frames streamed, one frame a piece."""

import json
from typing import Any

from tests.upstreams.behaviours import Behaviour, asked, streamed, whole, words

from stoa.adapters.providers.memory import Scripted
from stoa.dialects.bedrock.eventstream import encode

USAGE = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
SIGNATURE = "EuYBCkQYAiJA"
_FRAMES = b"application/vnd.amazon.eventstream"


def plain(body: bytes) -> Scripted:
    return whole(_answer([{"text": said(body)}], "end_turn"))


def stream(body: bytes) -> Scripted:
    return streamed([_start(), *_text(0, said(body)), *_end("end_turn")], _FRAMES)


def tools(body: bytes) -> Scripted:
    calls = [
        {"toolUse": {"toolUseId": f"tooluse_{place}", "name": _tool(body), "input": {"town": town}}} for place, town in _TOWNS
    ]
    return whole(_answer([{"text": "Looking."}, *calls], "tool_use"))


def tools_streamed(body: bytes) -> Scripted:
    pieces = [_start(), *_text(0, "Looking.")]
    for place, town in _TOWNS:
        start = {"toolUse": {"toolUseId": f"tooluse_{place}", "name": _tool(body)}}
        pieces.append(_frame("contentBlockStart", {"contentBlockIndex": place, "start": start}))
        for piece in ("", '{"town":', f' "{town}"}}'):
            pieces.append(_delta(place, {"toolUse": {"input": piece}}))
        pieces.append(_frame("contentBlockStop", {"contentBlockIndex": place}))
    return streamed([*pieces, *_end("tool_use")], _FRAMES)


def thinking_streamed(body: bytes) -> Scripted:
    thoughts = [_delta(0, {"reasoningContent": {"text": word}}) for word in words("Let me think.")]
    signed = [_delta(0, {"reasoningContent": {"signature": SIGNATURE}}), _frame("contentBlockStop", {"contentBlockIndex": 0})]
    return streamed([_start(), *thoughts, *signed, *_text(1, said(body)), *_end("end_turn")], _FRAMES)


def rate_limit(body: bytes) -> Scripted:
    """AWS tells no time to come back."""
    del body
    return _error(429, "ThrottlingException", "Too many requests, please wait before trying again.")


def server_error(body: bytes) -> Scripted:
    del body
    return _error(500, "InternalServerException", "The system encountered an unexpected error during processing. Try again.")


def dies(body: bytes) -> Scripted:
    """Cut within a frame."""
    first, second, *_ = _text(0, said(body))
    return streamed([_start(), first, second[:20]], _FRAMES, dies=True)


def in_stream_error(body: bytes) -> Scripted:
    return streamed([_start(), _text(0, said(body))[0], _broken()], _FRAMES)


def context_window(body: bytes) -> Scripted:
    del body
    return _error(400, "ValidationException", "Input is too long for requested model.")


def content_policy(body: bytes) -> Scripted:
    """A guardrail answers in the model's stead."""
    del body
    return whole(_answer([{"text": _SORRY}], "guardrail_intervened"))


def content_policy_streamed(body: bytes) -> Scripted:
    del body
    return streamed([_start(), *_text(0, _SORRY), *_end("guardrail_intervened")], _FRAMES)


def credentials(body: bytes) -> Scripted:
    del body
    return _error(403, "UnrecognizedClientException", "The security token included in the request is invalid.")


def in_stream_error_first(body: bytes) -> Scripted:
    del body
    return streamed([_start(), _broken()], _FRAMES)


def said(body: bytes) -> str:
    """What the double answers: the last text of the user, so that a test sees which request it was."""
    texts = [block["text"] for message in asked(body)["messages"] for block in message["content"] if "text" in block]
    return f"You said: {texts[-1] if texts else ''}"


BEHAVIOURS: dict[str, Behaviour] = {
    "plain": plain, "stream": stream, "tools": tools, "tools_streamed": tools_streamed, "thinking_streamed": thinking_streamed,
    "rate_limit": rate_limit, "server_error": server_error, "dies": dies, "in_stream_error": in_stream_error,
    "context_window": context_window, "content_policy": content_policy,
    "content_policy_streamed": content_policy_streamed, "credentials": credentials,
    "in_stream_error_first": in_stream_error_first,
}  # fmt: skip

_SORRY = "Sorry, the model cannot answer this question."
_TOWNS = ((1, "Bonn"), (2, "Kiel"))


def _answer(content: list[Any], stop: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {"output": {"message": message}, "stopReason": stop, "usage": USAGE, "metrics": {"latencyMs": 12}}


def _frame(kind: str, payload: dict[str, Any]) -> bytes:
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return encode(headers, json.dumps({**payload, "p": "abcdefgh"}).encode())  # AWS pads, so that lengths tell nothing


def _start() -> bytes:
    return _frame("messageStart", {"role": "assistant"})


def _delta(block: int, delta: dict[str, Any]) -> bytes:
    return _frame("contentBlockDelta", {"contentBlockIndex": block, "delta": delta})


def _text(block: int, text: str) -> list[bytes]:
    deltas = [_delta(block, {"text": word}) for word in words(text)]
    return [*deltas, _frame("contentBlockStop", {"contentBlockIndex": block})]


def _end(stop: str) -> list[bytes]:
    return [_frame("messageStop", {"stopReason": stop}), _frame("metadata", {"usage": USAGE, "metrics": {"latencyMs": 12}})]


def _broken() -> bytes:
    headers = {
        ":exception-type": "modelStreamErrorException",
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return encode(headers, json.dumps({"message": "The model broke off.", "originalStatusCode": 500}).encode())


def _tool(body: bytes) -> str:
    return asked(body)["toolConfig"]["tools"][0]["toolSpec"]["name"]


def _error(status: int, kind: str, message: str) -> Scripted:
    return whole({"message": message}, status=status, headers=[(b"x-amzn-errortype", kind.encode())])
