"""A scripted Google generateContent: whole answers and server-sent events, as the Gemini API writes them."""

from typing import Any

from tests.upstreams.behaviours import Behaviour, asked, event, streamed, whole, words

from stoa.adapters.providers.memory import Scripted

MODEL = "gemini-3-pro-preview"
USAGE = {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18}
SIGNATURE = "CiQBjz1rX8QF2c0sig=="
_SSE = b"text/event-stream"


def plain(body: bytes) -> Scripted:
    return whole(_chunk([{"text": said(body)}], "STOP", usage=True))


def stream(body: bytes) -> Scripted:
    *first, last = words(said(body))
    return streamed(
        [event(_chunk([{"text": word}])) for word in first] + [event(_chunk([{"text": last}], "STOP", usage=True))], _SSE
    )


def tools(body: bytes) -> Scripted:
    """Two calls at once of the first function there is; the first is signed, as Google does."""
    return whole(_chunk(_calls(body), "STOP", usage=True))


def tools_streamed(body: bytes) -> Scripted:
    first, second = _calls(body)
    return streamed([event(_chunk([first])), event(_chunk([second], "STOP", usage=True))], _SSE)


def thinking_streamed(body: bytes) -> Scripted:
    thoughts = [event(_chunk([{"text": word, "thought": True}])) for word in words("Let me think.")]
    text = event(_chunk([{"text": said(body)}]))
    return streamed([*thoughts, text, event(_chunk([{"text": "", "thoughtSignature": SIGNATURE}], "STOP", usage=True))], _SSE)


def rate_limit(body: bytes) -> Scripted:
    del body
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"}
    return _error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan.", [info])


def server_error(body: bytes) -> Scripted:
    del body
    return _error(500, "INTERNAL", "An internal error has occurred. Please retry.")


def dies(body: bytes) -> Scripted:
    return streamed([event(_chunk([{"text": word}])) for word in words(said(body))[:2]], _SSE, dies=True)


def in_stream_error(body: bytes) -> Scripted:
    return streamed([event(_chunk([{"text": words(said(body))[0]}])), event(_OVERLOADED)], _SSE)


def context_window(body: bytes) -> Scripted:
    del body
    message = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    return _error(400, "INVALID_ARGUMENT", message)


def content_policy(body: bytes) -> Scripted:
    """A blocked prompt is an answer with a status of success."""
    del body
    return whole(_BLOCKED)


def content_policy_streamed(body: bytes) -> Scripted:
    del body
    return streamed([event(_BLOCKED)], _SSE)


def credentials(body: bytes) -> Scripted:
    """Not 401, and with a name of its own."""
    del body
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    return _error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [info])


def in_stream_error_first(body: bytes) -> Scripted:
    del body
    return streamed([event(_OVERLOADED)], _SSE)


def said(body: bytes) -> str:
    """What the double answers: the last text of the user, so that a test sees which request it was."""
    texts = [part["text"] for content in asked(body)["contents"] for part in content["parts"] if "text" in part]
    return f"You said: {texts[-1] if texts else ''}"


BEHAVIOURS: dict[str, Behaviour] = {
    "plain": plain, "stream": stream, "tools": tools, "tools_streamed": tools_streamed, "thinking_streamed": thinking_streamed,
    "rate_limit": rate_limit, "server_error": server_error, "dies": dies, "in_stream_error": in_stream_error,
    "context_window": context_window, "content_policy": content_policy,
    "content_policy_streamed": content_policy_streamed, "credentials": credentials,
    "in_stream_error_first": in_stream_error_first,
}  # fmt: skip

_OVERLOADED = {"error": {"code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE"}}
_BLOCKED = {
    "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
    "usageMetadata": {"promptTokenCount": 11, "totalTokenCount": 11},
    "modelVersion": MODEL,
}


def _chunk(parts: list[Any], finish: str | None = None, *, usage: bool = False) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    chunk: dict[str, Any] = {"candidates": [candidate], "modelVersion": MODEL, "responseId": "scripted-1"}
    return chunk | ({"usageMetadata": USAGE} if usage else {})


def _calls(body: bytes) -> list[dict[str, Any]]:
    name = asked(body)["tools"][0]["functionDeclarations"][0]["name"]
    return [
        {"functionCall": {"name": name, "args": {"town": "Bonn"}}, "thoughtSignature": SIGNATURE},
        {"functionCall": {"name": name, "args": {"town": "Kiel"}}},
    ]


def _error(code: int, status: str, message: str, details: list[Any] | None = None) -> Scripted:
    return whole({"error": {"code": code, "message": message, "status": status, "details": details or []}}, status=code)
