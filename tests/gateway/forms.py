"""Every form that clients speak and every form that upstreams speak, so that each can be asked through the other.

What a client gets is read here by hand, by what the form's own documents say, and not by Stoa's readers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from tests.upstreams import anthropic, bedrock, cohere, gemini, openai_chat, openai_completions, openai_responses

from stoa.adapters.providers.memory import Script, Scripted, Sent
from stoa.domain.operations import ClientForm
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Model, Provider
from stoa.domain.snapshot import Access

CLIENTS: tuple[ClientForm, ...] = ("chat", "completions", "messages", "responses")
UPSTREAMS = ("chat", "completions", "responses", "messages", "gemini", "bedrock", "cohere")
"""Named after the form that its server speaks. Those of responses and completions take chat as well, as OpenAI's do."""
PATHS: Mapping[ClientForm, str] = {
    "chat": "/v1/chat/completions", "completions": "/v1/completions", "messages": "/v1/messages", "responses": "/v1/responses"
}  # fmt: skip
SCHEMA = {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]}
CALLS = [("weather", {"town": "Bonn"}), ("weather", {"town": "Kiel"})]
THOUGHT = "Let me think."
_SERVERS: tuple[tuple[str, ModuleType], ...] = (
    ("/chat/completions", openai_chat),
    ("/completions", openai_completions),
    ("/responses", openai_responses),
    ("/messages", anthropic),
    ("enerateContent", gemini),
    ("/converse", bedrock),
    ("/chat", cohere),
)


def house_of(*more: str, **changes: Any) -> dict[str, Any]:
    """The changes of a snapshot that has a provider and a model for each upstream, named after it. `more` may be asked too."""
    providers = {
        "chat": Provider(name="chat", type="openai", base_url="http://openai/v1", api_key="k", speaks=("chat",)),
        "completions": Provider(
            name="completions", type="openai", base_url="http://legacy/v1", api_key="k", speaks=("chat", "completions")
        ),
        "responses": Provider(
            name="responses", type="openai", base_url="http://newer/v1", api_key="k", speaks=("chat", "responses")
        ),
        "messages": Provider(name="messages", type="anthropic", base_url="http://anthropic/v1", api_key="k"),
        "gemini": Provider(name="gemini", type="gemini", base_url="http://google/v1beta", api_key="k"),
        "bedrock": Provider(name="bedrock", type="bedrock", base_url="http://aws", api_key="k", region="us-east-1"),
        "cohere": Provider(name="cohere", type="cohere", base_url="http://cohere", api_key="k"),
    }
    names = frozenset(providers) | frozenset(more)
    return {
        "providers": providers,
        "models": {name: Model(name=name, provider=name, upstream_name=_UPSTREAM_NAMES.get(name, name)) for name in providers},
        "prices": {name: ModelPrice(150.0, 600.0) for name in providers},
        "access": (Access(True, names, frozenset()),),
        "routes": {},
        "assistants": {},
        "collections": {},
        "corpus": {},
    } | changes


_UPSTREAM_NAMES = {
    "gemini": "gemini-3-pro-preview",
    "bedrock": "us.anthropic.claude-sonnet-4-5",
    "messages": "claude-sonnet-4-5",
}


def behaving(behaviour: str, **by_host: str) -> Script:
    """All upstreams behave so; one of that host in its own way."""

    def script(sent: Sent) -> Scripted:
        server = next(server for path, server in _SERVERS if path in sent.url)
        host = sent.url.removeprefix("http://").partition("/")[0]
        name = by_host.get(host, behaviour)
        behave = server.BEHAVIOURS.get(name) or getattr(server, name)
        return behave(sent.body)

    return script


def request(form: ClientForm, model: str, text: str = "good day", *, with_tools: bool = False, **fields: Any) -> dict[str, Any]:
    """What a client of this form sends."""
    body: dict[str, Any] = {"model": model}
    match form:
        case "chat":
            body["messages"] = [{"role": "user", "content": text}]
            function = {"name": "weather", "parameters": SCHEMA}
            body |= {"tools": [{"type": "function", "function": function}]} if with_tools else {}
        case "completions":
            body["prompt"] = text
        case "messages":
            body |= {"max_tokens": 4096, "messages": [{"role": "user", "content": text}]}
            body |= {"tools": [{"name": "weather", "input_schema": SCHEMA}]} if with_tools else {}
        case "responses":
            body["input"] = text
            body |= {"tools": [{"type": "function", "name": "weather", "parameters": SCHEMA}]} if with_tools else {}
    return body | fields


@dataclass
class Got:
    """What a client understands of an answer."""

    text: str = ""
    calls: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    thinking: str = ""
    finish: str | None = None
    usage: tuple[int, int] | None = None
    whole: bool = True
    """Whether the form's mark of success came."""
    error: Any = None
    stoa: Any = None


FINISHED = {
    "chat": ("stop", "tool_calls"), "completions": ("stop", "tool_calls"), "messages": ("end_turn", "tool_use"),
    "responses": ("completed", "completed"),
}  # fmt: skip
"""What each form calls an answer that is over, and one that calls tools."""


def read_whole(form: ClientForm, body: bytes) -> Got:
    answer = json.loads(body)
    if "error" in answer and answer["error"] is not None:
        return Got(error=answer["error"], whole=False)
    got = {"chat": _chat, "completions": _completion, "messages": _message, "responses": _response}[form](answer)
    got.stoa = answer.get("stoa")
    return got


def events_of(body: bytes) -> list[tuple[str | None, Any]]:
    """Name and data of each event; `[DONE]` as it is."""
    found: list[tuple[str | None, Any]] = []
    for event in filter(None, body.split(b"\n\n")):
        lines = dict(line.split(b": ", 1) for line in event.split(b"\n"))
        data = lines[b"data"]
        name = lines[b"event"].decode() if b"event" in lines else None
        found.append((name, data.decode() if data == b"[DONE]" else json.loads(data)))
    return found


def read_stream(form: ClientForm, body: bytes) -> Got:
    events = events_of(body)
    if form in ("messages", "responses"):
        assert all(name == data["type"] for name, data in events), "each event is named by its type"
        return (_messages_stream if form == "messages" else _responses_stream)([data for _, data in events])
    assert all(name is None for name, _ in events)
    return _chunks(form, [data for _, data in events])


def _chat(answer: Any) -> Got:
    assert answer["object"] == "chat.completion"
    (choice,) = answer["choices"]
    said, usage = choice["message"], answer["usage"]
    calls = [(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in said.get("tool_calls") or ()]
    return Got(
        said["content"] or "", calls, said.get("reasoning_content") or "", choice["finish_reason"],
        (usage["prompt_tokens"], usage["completion_tokens"]),
    )  # fmt: skip


def _completion(answer: Any) -> Got:
    assert answer["object"] == "text_completion"
    (choice,) = answer["choices"]
    usage = answer["usage"]
    return Got(
        choice["text"], finish=choice["finish_reason"], usage=(usage["prompt_tokens"], usage["completion_tokens"])
    )  # fmt: skip


def _message(answer: Any) -> Got:
    assert (answer["type"], answer["role"]) == ("message", "assistant")
    blocks, usage = answer["content"], answer["usage"]
    return Got(
        "".join(block["text"] for block in blocks if block["type"] == "text"),
        [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"],
        "".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        answer["stop_reason"],
        (usage["input_tokens"], usage["output_tokens"]),
    )


def _response(answer: Any) -> Got:
    assert answer["object"] == "response"
    items, usage = answer["output"], answer["usage"]
    parts = [part for item in items if item["type"] == "message" for part in item["content"]]
    thoughts = [part for item in items if item["type"] == "reasoning" for part in item["summary"]]
    return Got(
        "".join(part["text"] for part in parts if part["type"] == "output_text"),
        [(item["name"], json.loads(item["arguments"])) for item in items if item["type"] == "function_call"],
        "".join(part["text"] for part in thoughts),
        answer["status"],
        (usage["input_tokens"], usage["output_tokens"]) if usage else None,
        stoa=answer.get("stoa"),
    )


def _chunks(form: ClientForm, events: list[Any]) -> Got:
    got = Got(whole=events[-1] == "[DONE]")
    calls: dict[int, list[str]] = {}
    for chunk in events:
        if chunk == "[DONE]":
            continue
        if "error" in chunk:
            got.error = chunk["error"]
            continue
        got.stoa = chunk.get("stoa", got.stoa)
        if chunk.get("usage"):
            assert got.usage is None, "usage is told once"
            got.usage = (chunk["usage"]["prompt_tokens"], chunk["usage"]["completion_tokens"])
        for choice in chunk["choices"]:
            got.finish = choice["finish_reason"] or got.finish
            if form == "completions":
                got.text += choice["text"]
                continue
            delta = choice["delta"]
            got.text += delta.get("content") or ""
            got.thinking += delta.get("reasoning_content") or ""
            for call in delta.get("tool_calls") or ():
                begun = calls.setdefault(call["index"], ["", ""])
                begun[0] += call["function"].get("name") or ""
                begun[1] += call["function"].get("arguments") or ""
    assert list(calls) == list(range(len(calls))), "calls are numbered from 0"
    got.calls = [(name, json.loads(arguments)) for name, arguments in calls.values()]
    return got


def _messages_stream(events: list[Any]) -> Got:
    got = Got(whole=events[-1]["type"] == "message_stop")
    usage: dict[str, Any] = {}
    arguments: list[str] = []
    block: dict[str, Any] = {}
    following = 0
    for event in events:
        match event["type"]:
            case "message_start":
                usage = event["message"]["usage"]
            case "content_block_start":
                assert event["index"] == following
                block, arguments = event["content_block"], []
            case "content_block_delta":
                assert event["index"] == following
                delta = event["delta"]
                got.text += delta.get("text") or ""
                got.thinking += delta.get("thinking") or ""
                arguments.append(delta.get("partial_json") or "")
            case "content_block_stop":
                following += 1
                if block["type"] == "tool_use":
                    got.calls.append((block["name"], json.loads("".join(arguments))))
            case "message_delta":
                got.finish = event["delta"]["stop_reason"]
                usage |= event["usage"]
            case "message_stop":
                got.stoa = event.get("stoa")
            case "error":
                got.error = event["error"]
            case other:
                assert other == "ping"
    got.usage = (usage["input_tokens"], usage["output_tokens"])
    return got


def _responses_stream(events: list[Any]) -> Got:
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    last = events[-1]
    if last["type"] not in ("response.completed", "response.incomplete"):
        assert last["type"] == "response.failed"
        told = next(event for event in events if event["type"] == "error")
        pieces = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
        return Got("".join(pieces), error=told, whole=False)
    got = _response(last["response"])
    pieces = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
    assert "".join(pieces) == got.text, "the pieces are the whole"
    thoughts = [event["delta"] for event in events if event["type"] == "response.reasoning_summary_text.delta"]
    assert "".join(thoughts) == got.thinking
    return got
