"""Scripted servers of OpenAI's form. They agree on answers and differ in how they refuse: what each really says is below.

`BEHAVIOURS` has one set for each kind of provider.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.upstreams.behaviours import Behaviour, asked, event, streamed, whole, words

from stoa.adapters.providers.memory import Scripted
from stoa.domain.upstream import Headers

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
_SSE = b"text/event-stream"
_DONE = b"data: [DONE]\n\n"
_TOWNS = ("Bonn", "Kiel")


@dataclass(frozen=True)
class Refusal:
    """A status, a body, and headers beside it."""

    status: int
    body: Any
    headers: Headers = ()


@dataclass(frozen=True)
class Ways:
    """How one kind of server refuses. `within` is what stands in a stream; `before` comes ahead of an answer."""

    rate_limit: Refusal
    server_error: Refusal
    context_window: Refusal
    credentials: Refusal
    within: bytes
    policy: Refusal | None = None
    """None where a filtered answer only says so in its finish_reason."""
    before: bytes = b""


def _openai(message: str, kind: str | None, code: str | int | None = None, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **more}}


def _object(message: str, kind: str, code: str | int) -> dict[str, Any]:
    """The form of Mistral and of older vLLM."""
    return {"object": "error", "message": message, "type": kind, "param": None, "code": code}


_LIMITS = ((b"x-ratelimit-remaining-requests", b"0"), (b"x-ratelimit-reset-requests", b"2s"))
_SOON = ((b"retry-after", b"2"), *_LIMITS)
_TOO_LONG = "This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens."
_NO_KEY = Refusal(401, _openai("Incorrect API key provided: sk-s3****ret.", "invalid_request_error", "invalid_api_key"))

_OPENAI = Ways(
    rate_limit=Refusal(
        429, _openai("Rate limit reached for gpt-5 on requests per min.", "requests", "rate_limit_exceeded"), _SOON
    ),
    server_error=Refusal(500, _openai("The server had an error while processing your request.", "server_error")),
    context_window=Refusal(400, _openai(_TOO_LONG, "invalid_request_error", "context_length_exceeded")),
    credentials=_NO_KEY,
    within=event(_openai("The server had an error while processing your request.", "server_error")),
    policy=Refusal(400, _openai("Rejected by our safety system.", "invalid_request_error", "content_policy_violation")),
)
_AZURE = Ways(
    rate_limit=Refusal(
        429, {"error": {"code": "429", "message": "Requests to the Operation have exceeded call rate limit."}}, _SOON,
    ),
    server_error=Refusal(503, {"error": {"code": "InternalServerError", "message": "Backend returned unexpected response."}}),
    context_window=_OPENAI.context_window,
    credentials=Refusal(401, {"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}),
    within=_OPENAI.within,
    policy=Refusal(
        400,
        _openai(
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", None,
            "content_filter", status=400, innererror={"code": "ResponsibleAIPolicyViolation"},
        ),
    ),
)  # fmt: skip
_MISTRAL = Ways(
    rate_limit=Refusal(429, _object("Requests rate limit exceeded", "rate_limited", "1300"), _SOON),
    server_error=Refusal(500, _object("Service unavailable.", "internal_server_error", "1000")),
    context_window=Refusal(
        400, _object("Prompt contains 40000 tokens, too large for model with 32768 maximum", "invalid_request_prompt", "3051"),
    ),
    credentials=Refusal(401, {"detail": "Unauthorized"}),
    within=event(_object("Service unavailable.", "internal_server_error", "1000")),
)  # fmt: skip
_GROQ = Ways(
    rate_limit=Refusal(
        429, _openai("Rate limit reached for model `llama`. Please try again in 2s.", "tokens", "rate_limit_exceeded"), _SOON
    ),
    server_error=Refusal(503, _openai("Service Unavailable", "internal_server_error")),
    context_window=Refusal(
        400,
        _openai("Please reduce the length of the messages or completion.", "invalid_request_error", "context_length_exceeded"),
    ),
    credentials=Refusal(401, _openai("Invalid API Key", "invalid_request_error", "invalid_api_key")),
    within=event(_openai("Over capacity", "server_error", "over_capacity"), "error"),
)
_TOGETHER = Ways(
    rate_limit=Refusal(429, {"id": "nQ1", **_openai("You have been rate limited.", "rate_limit", "rate_limit")}, _SOON),
    server_error=Refusal(500, {"id": "nQ1", **_openai("Internal server error", "server_error")}),
    context_window=Refusal(
        422,
        {
            "id": "nQ1",
            **_openai("`inputs` tokens + `max_new_tokens` must be <= 4097.", "invalid_request_error"),
        },
    ),
    credentials=Refusal(401, {"id": "nQ1", **_openai("Invalid API key provided.", "invalid_request_error", "invalid_api_key")}),
    within=event({"id": "nQ1", **_openai("Internal server error", "server_error")}),
)
_OPENROUTER = Ways(
    rate_limit=Refusal(429, {"error": {"message": "Rate limit exceeded.", "code": 429}, "user_id": "u"}, _SOON),
    server_error=Refusal(502, {"error": {"message": "Provider returned error", "code": 502, "metadata": {"raw": "x"}}}),
    context_window=Refusal(
        400, {"error": {"message": "This endpoint's maximum context length is 8192 tokens.", "code": 400}}
    ),
    credentials=Refusal(401, {"error": {"message": "No auth credentials found", "code": 401}}),
    within=event(
        {
            "id": "gen-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "error": {"code": "server_error", "message": "Provider disconnected unexpectedly"},
            "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
        }
    ),
    policy=Refusal(403, {"error": {"message": "Your chosen model requires moderation", "code": 403}}),
    before=b": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n",
)  # fmt: skip
_DEEPSEEK = Ways(
    rate_limit=Refusal(429, _openai("Rate limit reached", "rate_limit_error", "rate_limit_exceeded"), _SOON),
    server_error=Refusal(503, _openai("The server is overloaded. Please retry later.", "server_error")),
    context_window=Refusal(400, _openai(_TOO_LONG, "invalid_request_error", "invalid_request_error")),
    credentials=Refusal(401, _openai("Authentication Fails", "authentication_error", "invalid_request_error")),
    within=_OPENAI.within,
    policy=Refusal(400, _openai("Content Exists Risk", "invalid_request_error", "invalid_request_error")),
    before=b": keep-alive\n\n",
)
_OLLAMA = Ways(
    rate_limit=Refusal(429, _openai("too many requests", "api_error"), _SOON),
    server_error=Refusal(500, _openai("llama runner process has terminated", "api_error")),
    context_window=Refusal(400, _openai("the input length exceeds the context length", "invalid_request_error")),
    credentials=Refusal(401, {"error": "unauthorized"}),
    within=event({"error": {"message": "an error was encountered while running the model", "type": "api_error"}}),
)
_VLLM = Ways(
    rate_limit=Refusal(429, _object("Too many requests", "TooManyRequests", 429), _SOON),
    server_error=Refusal(500, _object("EngineCore encountered an issue.", "InternalServerError", 500)),
    context_window=Refusal(400, _object(_TOO_LONG, "BadRequestError", 400)),
    credentials=Refusal(401, {"error": "Unauthorized"}),
    within=event({"error": _object("EngineCore encountered an issue.", "InternalServerError", 500)}) + _DONE,
)
_TGI = Ways(
    rate_limit=Refusal(429, {"error": "Model is overloaded", "error_type": "overloaded"}, _SOON),
    server_error=Refusal(500, {"error": "Request failed during generation: CUDA error", "error_type": "generation"}),
    context_window=Refusal(
        422,
        {"error": "`inputs` must have less than 4096 tokens. Given: 5000", "error_type": "validation"},
    ),
    credentials=Refusal(401, {"error": "unauthorized"}),
    within=b'data:{"error":"Request failed during generation: CUDA error","error_type":"generation"}\n\n',
)
_LLAMA_CPP = Ways(
    rate_limit=Refusal(429, "slow down", _SOON),
    server_error=Refusal(503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}),
    context_window=Refusal(
        400,
        {
            "error": {
                "code": 400,
                "message": "request exceeds the available context size",
                "type": "exceed_context_size_error",
            }
        },
    ),
    credentials=Refusal(401, {"error": {"message": "Invalid API Key", "type": "authentication_error", "code": 401}}),
    within=event({"error": {"code": 500, "message": "slot failed", "type": "server_error"}}),
)

WAYS: Mapping[str, Ways] = {
    "openai": _OPENAI, "azure": _AZURE, "mistral": _MISTRAL, "groq": _GROQ, "together": _TOGETHER, "openrouter": _OPENROUTER,
    "deepseek": _DEEPSEEK, "ollama": _OLLAMA, "vllm": _VLLM, "tgi": _TGI, "openai-compatible": _LLAMA_CPP,
}  # fmt: skip


def said(body: bytes) -> str:
    """What the double answers: the last text of the user, so that a test sees which request it was."""
    content = asked(body)["messages"][-1]["content"]
    return f"You said: {content if isinstance(content, str) else content[-1]['text']}"


def behaviours(ways: Ways) -> dict[str, Behaviour]:
    """What a server of these ways does."""

    def refusing(refusal: Refusal) -> Behaviour:
        return lambda body: whole(refusal.body, status=refusal.status, headers=refusal.headers)

    def begun(body: bytes) -> list[bytes]:
        first = _chunk({"role": "assistant", "content": ""})
        return [*([ways.before] if ways.before else []), first, *(_chunk({"content": word}) for word in words(said(body)))]

    def stream(body: bytes) -> Scripted:
        told = [_chunk(None, usage=USAGE)] if asked(body).get("stream_options", {}).get("include_usage") else []
        if "stream_options" not in asked(body):
            return streamed([*begun(body), _chunk({}, "stop", usage=USAGE), _DONE], _SSE)  # Mistral tells it unasked
        return streamed([*begun(body), _chunk({}, "stop"), *told, _DONE], _SSE)

    def filtered(body: bytes) -> Scripted:
        del body
        return whole(_answer({"content": ""}, "content_filter"))

    def filtered_streamed(body: bytes) -> Scripted:
        return streamed([*begun(body)[:3], _chunk({}, "content_filter"), _DONE], _SSE)

    policy = refusing(ways.policy) if ways.policy is not None else None
    return {
        "plain": lambda body: whole(_answer({"content": said(body)}, "stop")),
        "stream": stream,
        "tools": lambda body: whole(_answer({"content": None, "tool_calls": _calls(body)}, "tool_calls")),
        "tools_streamed": lambda body: streamed(
            [
                _chunk({"role": "assistant", "content": None}),
                *_calls_streamed(body),
                _chunk({}, "tool_calls", usage=USAGE),
                _DONE,
            ],
            _SSE,
        ),
        "rate_limit": refusing(ways.rate_limit),
        "server_error": refusing(ways.server_error),
        "dies": lambda body: streamed(begun(body)[:4], _SSE, dies=True),
        "in_stream_error": lambda body: streamed([*begun(body)[:4], ways.within], _SSE),
        "in_stream_error_first": lambda body: streamed([ways.before + ways.within], _SSE),
        "context_window": refusing(ways.context_window),
        "content_policy": policy or filtered,
        "content_policy_streamed": policy or filtered_streamed,
        "credentials": refusing(ways.credentials),
    }


BEHAVIOURS: Mapping[str, dict[str, Behaviour]] = {kind: behaviours(ways) for kind, ways in WAYS.items()}


def _answer(message: dict[str, Any], finish: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "logprobs": None, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": USAGE}


def _chunk(delta: dict[str, Any] | None, finish: str | None = None, **fields: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
    return event({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **fields})


def _calls(body: bytes) -> list[dict[str, Any]]:
    name = asked(body)["tools"][0]["function"]["name"]
    return [
        {"id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": f'{{"town": "{town}"}}'}}
        for place, town in enumerate(_TOWNS)
    ]


def _calls_streamed(body: bytes) -> list[bytes]:
    pieces: list[bytes] = []
    for place, call in enumerate(_calls(body)):
        function = call["function"]
        start = {"index": place, **call, "function": {"name": function["name"], "arguments": ""}}
        pieces.append(_chunk({"tool_calls": [start]}))
        pieces += [
            _chunk({"tool_calls": [{"index": place, "function": {"arguments": each}}]}) for each in words(function["arguments"])
        ]
    return pieces
