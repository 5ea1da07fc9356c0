"""A scripted Cohere v2 chat: whole answers and its named events."""

from typing import Any

from tests.upstreams.behaviours import Behaviour, asked, event, streamed, whole, words

from stoa.adapters.providers.memory import Scripted

USAGE = {"billed_units": {"input_tokens": 4, "output_tokens": 7}, "tokens": {"input_tokens": 11, "output_tokens": 7}}
_SSE = b"text/event-stream"


def plain(body: bytes) -> Scripted:
    return whole(_answer({"content": [{"type": "text", "text": said(body)}]}, "COMPLETE"))


def stream(body: bytes) -> Scripted:
    return streamed([_start(), *_content(0, "text", said(body)), _end("COMPLETE")], _SSE)


def tools(body: bytes) -> Scripted:
    return whole(_answer({"tool_plan": "I will look.", "tool_calls": [_call(body, town) for town in _TOWNS]}, "TOOL_CALL"))


def tools_streamed(body: bytes) -> Scripted:
    pieces = [_start(), *(_event("tool-plan-delta", message={"tool_plan": word}) for word in words("I will look."))]
    for place, town in enumerate(_TOWNS):
        call = _call(body, town)
        empty = call | {"function": call["function"] | {"arguments": ""}}
        pieces.append(_event("tool-call-start", index=place, message={"tool_calls": empty}))
        for piece in words(call["function"]["arguments"]):
            pieces.append(_event("tool-call-delta", index=place, message={"tool_calls": {"function": {"arguments": piece}}}))
        pieces.append(_event("tool-call-end", index=place))
    return streamed([*pieces, _end("TOOL_CALL")], _SSE)


def thinking_streamed(body: bytes) -> Scripted:
    return streamed(
        [_start(), *_content(0, "thinking", "Let me think."), *_content(1, "text", said(body)), _end("COMPLETE")], _SSE
    )


def rate_limit(body: bytes) -> Scripted:
    del body
    message = "You are using a Trial key, which is limited to 20 API calls / minute."
    return whole({"id": "scripted-1", "message": message}, status=429, headers=[(b"retry-after", b"2")])


def server_error(body: bytes) -> Scripted:
    del body
    return whole({"id": "scripted-1", "message": "internal server error"}, status=500)


def dies(body: bytes) -> Scripted:
    return streamed([_start(), *_content(0, "text", said(body))[:2]], _SSE, dies=True)


def in_stream_error(body: bytes) -> Scripted:
    return streamed([_start(), *_content(0, "text", said(body))[:2], _end("ERROR", error="internal server error")], _SSE)


def context_window(body: bytes) -> Scripted:
    del body
    message = "too many tokens: total number of tokens in the prompt cannot exceed 128000 - received 130000."
    return whole({"id": "scripted-1", "message": message}, status=400)


def content_policy(body: bytes) -> Scripted:
    del body
    return whole({"id": "scripted-1", "message": "blocked input: please adjust the prompt and try again"}, status=400)


def content_policy_streamed(body: bytes) -> Scripted:
    """Refused before a stream begins."""
    return content_policy(body)


def credentials(body: bytes) -> Scripted:
    del body
    return whole({"id": "scripted-1", "message": "invalid api token"}, status=401)


def in_stream_error_first(body: bytes) -> Scripted:
    del body
    return streamed([_start(), _end("ERROR", error="internal server error")], _SSE)


def said(body: bytes) -> str:
    """What the double answers: the last text of the user, so that a test sees which request it was."""
    content = [message["content"] for message in asked(body)["messages"] if message["role"] == "user"][-1]
    return f"You said: {content if isinstance(content, str) else content[-1].get('text', '')}"


BEHAVIOURS: dict[str, Behaviour] = {
    "plain": plain, "stream": stream, "tools": tools, "tools_streamed": tools_streamed, "thinking_streamed": thinking_streamed,
    "rate_limit": rate_limit, "server_error": server_error, "dies": dies, "in_stream_error": in_stream_error,
    "context_window": context_window, "content_policy": content_policy,
    "content_policy_streamed": content_policy_streamed, "credentials": credentials,
    "in_stream_error_first": in_stream_error_first,
}  # fmt: skip

_TOWNS = ("Bonn", "Kiel")


def _answer(message: dict[str, Any], finish: str) -> dict[str, Any]:
    return {"id": "scripted-1", "finish_reason": finish, "message": {"role": "assistant", **message}, "usage": USAGE}


def _event(kind: str, *, index: int | None = None, message: dict[str, Any] | None = None, **fields: Any) -> bytes:
    data: dict[str, Any] = {"type": kind, **fields}
    if index is not None:
        data["index"] = index
    if message is not None:
        data["delta"] = {"message": message}
    return event(data, kind)


def _start() -> bytes:
    message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    return _event("message-start", id="scripted-1", message=message)


def _content(index: int, kind: str, text: str) -> list[bytes]:
    return [
        _event("content-start", index=index, message={"content": {"type": kind, kind: ""}}),
        *(_event("content-delta", index=index, message={"content": {kind: word}}) for word in words(text)),
        _event("content-end", index=index),
    ]


def _end(finish: str, **delta: Any) -> bytes:
    return _event("message-end", id="scripted-1", delta={"finish_reason": finish, "usage": USAGE, **delta})


def _call(body: bytes, town: str) -> dict[str, Any]:
    name = asked(body)["tools"][0]["function"]["name"]
    arguments = f'{{"town": "{town}"}}'
    return {"id": f"{name}_{town.lower()}", "type": "function", "function": {"name": name, "arguments": arguments}}
