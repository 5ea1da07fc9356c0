"""A scripted server of OpenAI's responses, which speaks them itself: their bytes pass, so that clients see what it writes."""

from collections.abc import Iterator
from typing import Any

from tests.upstreams.behaviours import Behaviour, asked, event, streamed, whole, words

from stoa.adapters.providers.memory import Scripted

MODEL = "gpt-5.1-2026-01-15"
USAGE = {
    "input_tokens": 11, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 18,
}  # fmt: skip
_SSE = b"text/event-stream; charset=utf-8"
_TOWNS = ("Bonn", "Kiel")


def plain(body: bytes) -> Scripted:
    return whole(_response([_message(said(body))]))


def stream(body: bytes) -> Scripted:
    return _streamed([*_opening(), *_text(0, said(body))], [_message(said(body))])


def tools(body: bytes) -> Scripted:
    return whole(_response([_call(body, place) for place in range(2)]))


def tools_streamed(body: bytes) -> Scripted:
    events = _opening()
    for place in range(2):
        call = _call(body, place)
        where = {"item_id": call["id"], "output_index": place}
        opened = call | {"arguments": "", "status": "in_progress"}
        events.append(("response.output_item.added", {"output_index": place, "item": opened}))
        events += [("response.function_call_arguments.delta", where | {"delta": piece}) for piece in words(call["arguments"])]
        events.append(("response.function_call_arguments.done", where | {"arguments": call["arguments"]}))
        events.append(("response.output_item.done", {"output_index": place, "item": call}))
    return _streamed(events, [_call(body, place) for place in range(2)])


def thinking_streamed(body: bytes) -> Scripted:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Let me think."}]}
    where = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
    part = {"type": "summary_text", "text": ""}
    events = [
        *_opening(),
        ("response.output_item.added", {"output_index": 0, "item": thought | {"summary": []}}),
        ("response.reasoning_summary_part.added", where | {"part": part}),
        *(("response.reasoning_summary_text.delta", where | {"delta": word}) for word in words("Let me think.")),
        ("response.reasoning_summary_text.done", where | {"text": "Let me think."}),
        ("response.reasoning_summary_part.done", where | {"part": part | {"text": "Let me think."}}),
        ("response.output_item.done", {"output_index": 0, "item": thought}),
    ]
    return _streamed([*events, *_text(1, said(body))], [thought, _message(said(body))])


def rate_limit(body: bytes) -> Scripted:
    del body
    return _error(429, "Rate limit reached for gpt-5.1.", "rate_limit_exceeded", retry_after=b"2")


def server_error(body: bytes) -> Scripted:
    del body
    return _error(500, "The server had an error while processing your request.", "server_error")


def dies(body: bytes) -> Scripted:
    return streamed(_numbered([*_opening(), *_text(0, said(body))[:4]]), _SSE, dies=True)


def in_stream_error(body: bytes) -> Scripted:
    error = {"code": "server_error", "message": "The server is overloaded.", "param": None}
    return streamed(_numbered([*_opening(), *_text(0, said(body))[:3], ("error", error)]), _SSE)


def failed(body: bytes) -> Scripted:
    """A failure instead of an answer, with a status of success."""
    del body
    return whole(_failed())


def failed_streamed(body: bytes) -> Scripted:
    del body
    return streamed(_numbered([*_opening(), ("response.failed", {"response": _failed()})]), _SSE)


def context_window(body: bytes) -> Scripted:
    del body
    told = "Your input exceeds the context window of this model. Please adjust your input and try again."
    return _error(400, told, "context_length_exceeded", param="input")


def content_policy(body: bytes) -> Scripted:
    del body
    return _error(400, "The response was filtered by the content management policy.", "content_filter")


def content_policy_streamed(body: bytes) -> Scripted:
    """Refused before a stream begins."""
    return content_policy(body)


def said(body: bytes) -> str:
    """What the double answers: the last text of the user, so that a test sees which request it was."""
    given = asked(body)["input"]
    content = given if isinstance(given, str) else [item["content"] for item in given if item.get("role") == "user"][-1]
    return f"You said: {content if isinstance(content, str) else content[-1]['text']}"


BEHAVIOURS: dict[str, Behaviour] = {
    "plain": plain, "stream": stream, "tools": tools, "tools_streamed": tools_streamed, "thinking_streamed": thinking_streamed,
    "rate_limit": rate_limit, "server_error": server_error, "dies": dies, "in_stream_error": in_stream_error,
    "context_window": context_window, "content_policy": content_policy,
    "content_policy_streamed": content_policy_streamed,
}  # fmt: skip

_Event = tuple[str, dict[str, Any]]


def _response(output: list[Any], status: str = "completed", **fields: Any) -> dict[str, Any]:
    return {
        "id": "resp_scripted1", "object": "response", "created_at": 1_764_000_000, "status": status, "error": None,
        "incomplete_details": None, "instructions": None, "model": MODEL, "output": output, "usage": USAGE, "store": True,
        "tools": [], "tool_choice": "auto", **fields,
    }  # fmt: skip


def _failed() -> dict[str, Any]:
    error = {"code": "server_error", "message": "The model is overloaded."}
    return _response([], "failed", error=error, usage=None)


def _message(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [part]}


def _opening() -> list[_Event]:
    begun = _response([], "in_progress", usage=None)
    return [("response.created", {"response": begun}), ("response.in_progress", {"response": begun})]


def _text(index: int, text: str) -> list[_Event]:
    item = _message(text)
    where = {"item_id": "msg_1", "output_index": index, "content_index": 0}
    part = item["content"][0]
    return [
        ("response.output_item.added", {"output_index": index, "item": item | {"content": [], "status": "in_progress"}}),
        ("response.content_part.added", where | {"part": part | {"text": ""}}),
        *(("response.output_text.delta", where | {"delta": word, "logprobs": []}) for word in words(text)),
        ("response.output_text.done", where | {"text": text, "logprobs": []}),
        ("response.content_part.done", where | {"part": part}),
        ("response.output_item.done", {"output_index": index, "item": item}),
    ]


def _numbered(events: list[_Event]) -> list[bytes]:
    def written() -> Iterator[bytes]:
        for number, (kind, fields) in enumerate(events):
            yield event({"type": kind, "sequence_number": number, **fields}, kind)

    return list(written())


def _streamed(events: list[_Event], output: list[Any]) -> Scripted:
    return streamed(_numbered([*events, ("response.completed", {"response": _response(output)})]), _SSE)


def _call(body: bytes, place: int) -> dict[str, Any]:
    return {
        "type": "function_call", "id": f"fc_{place}", "call_id": f"call_{place}", "name": asked(body)["tools"][0]["name"],
        "arguments": f'{{"town": "{_TOWNS[place]}"}}', "status": "completed",
    }  # fmt: skip


def _error(status: int, message: str, code: str, *, param: str | None = None, retry_after: bytes = b"") -> Scripted:
    error = {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}
    return whole(error, status=status, headers=[(b"retry-after", retry_after)] if retry_after else ())
