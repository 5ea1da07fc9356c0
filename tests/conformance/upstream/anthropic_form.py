"""The scripted upstream's messages, in Anthropic's wire form and as strict: a field that Anthropic does not know is refused."""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from tests.conformance.upstream.exchange import Json, Prompt, Refused, Reply, Tool, Turn, tokens

_FIELDS = {
    "model", "messages", "max_tokens", "system", "stop_sequences", "stream", "temperature", "top_k", "top_p", "tools",
    "tool_choice", "thinking", "metadata", "service_tier", "output_config", "cache_control", "container", "inference_geo",
}  # fmt: skip
_COUNTED = {"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control"}
_ATTACHMENTS = {"image": "image", "document": "file"}
_ID = re.compile(r"[a-zA-Z0-9_-]+")
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
}


def read(body: Json, *, counting: bool = False) -> Prompt:
    """Raises Refused, as Anthropic would. `counting`: for count_tokens, which takes fewer fields."""
    for name in body:
        if name not in (_COUNTED if counting else _FIELDS):
            raise Refused(f"{name}: Extra inputs are not permitted")
    for name in ("model", "messages") if counting else ("model", "max_tokens", "messages"):
        if name not in body:
            raise Refused(f"{name}: Field required")
    if not counting and (not isinstance(body["max_tokens"], int) or body["max_tokens"] < 1):
        raise Refused("max_tokens: Input should be greater than or equal to 1")
    if not 0 <= (body.get("temperature") or 0) <= 1:
        raise Refused("temperature: range: 0..1")
    thinking: Json = body.get("thinking") or {"type": "disabled"}
    if thinking["type"] == "enabled" and not 1024 <= thinking.get("budget_tokens", 0) < body.get("max_tokens", 1 << 30):
        raise Refused("thinking.enabled.budget_tokens: must be at least 1024 and less than max_tokens")
    system = body.get("system") or []
    texts = [system] if isinstance(system, str) else [block["text"] for block in system]
    tools, choice, parallel = _tools(body)
    wanted: Json = (body.get("output_config") or {}).get("format") or {}
    return Prompt(
        turns=(*(Turn("system", text) for text in texts), *_turns(body["messages"])),
        tools=tools,
        choice=choice,
        parallel=parallel,
        schema=wanted.get("schema"),
        stop=tuple(body.get("stop_sequences") or ()),
        most_tokens=body.get("max_tokens"),
        reasons=thinking["type"] in ("enabled", "adaptive"),
    )


def whole(body: Json, prompt: Prompt, reply: Reply) -> Json:
    return {
        "id": _id(body),
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": _blocks(reply),
        **_ended(reply),
        "container": None,
        "usage": _usage(prompt, reply),
    }


def streamed(body: Json, prompt: Prompt, reply: Reply) -> Iterator[str]:
    """The same answer as server-sent events."""
    unsaid = {"stop_reason": None, "stop_sequence": None, "stop_details": None}
    start = {**whole(body, prompt, reply), "content": [], **unsaid}
    start["usage"] = {**start["usage"], "output_tokens": 1}
    yield _event("message_start", {"message": start})
    yield _event("ping", {})
    for index, block in enumerate(_blocks(reply)):
        opened, deltas = _opened(block)
        yield _event("content_block_start", {"index": index, "content_block": opened})
        for delta in deltas:
            yield _event("content_block_delta", {"index": index, "delta": delta})
        yield _event("content_block_stop", {"index": index})
    yield _event("message_delta", {"delta": {**_ended(reply), "container": None}, "usage": _usage(prompt, reply)})
    yield _event("message_stop", {})


def count(prompt: Prompt) -> Json:
    return {"input_tokens": prompt.tokens}


def refusal(refused: Refused) -> Json:
    kind = _TYPES.get(refused.status, "invalid_request_error" if refused.status < 500 else "api_error")
    return {"type": "error", "error": {"type": kind, "message": refused.message}, "request_id": "req_scripted"}


# --- what comes in


def _turns(messages: list[Any]) -> Iterator[Turn]:
    """Each tool call is answered by the very next message, and nothing else is."""
    if not messages:
        raise Refused("messages: at least one message is required")
    open_calls: set[str] = set()
    for position, message in enumerate(messages):
        where = f"messages.{position}"
        role, content = message.get("role"), message.get("content")
        if role not in ("user", "assistant"):
            raise Refused(f"{where}.role: Input should be 'user' or 'assistant'")
        if content in ("", [], None):
            raise Refused(f"{where}: all messages must have non-empty content except for the optional final assistant message")
        blocks: list[Json] = [{"type": "text", "text": content}] if isinstance(content, str) else content
        answered = {block.get("tool_use_id", "") for block in blocks if block.get("type") == "tool_result"}
        if answered - open_calls:
            raise Refused(
                f"{where}.content: unexpected 'tool_use_id' found in 'tool_result' blocks: {sorted(answered - open_calls)}"
            )
        if open_calls - answered:
            raise Refused(
                f"{where}: 'tool_use' ids were found without 'tool_result' blocks immediately after: {sorted(open_calls)}"
            )
        yield _turn(role, blocks, where)
        open_calls = {block["id"] for block in blocks if block.get("type") == "tool_use"}
    if open_calls:
        raise Refused(f"messages: 'tool_use' ids were found without 'tool_result' blocks after them: {sorted(open_calls)}")


def _turn(role: Any, blocks: list[Json], where: str) -> Turn:
    texts: list[str] = []
    kinds: list[str] = []
    results = [block for block in blocks if block.get("type") == "tool_result"]
    for position, block in enumerate(blocks):
        at = f"{where}.content.{position}"
        match block.get("type"):
            case "text":
                if not block["text"]:
                    raise Refused(f"{at}.text: text content blocks must be non-empty")
                texts.append(block["text"])
            case "image" | "document":
                _check_source(block["source"], at)
                kinds.append(_ATTACHMENTS[block["type"]])
            case "tool_use":
                if not _ID.fullmatch(block["id"]) or not isinstance(block["input"], dict):
                    raise Refused(f"{at}.tool_use: 'id' must match [a-zA-Z0-9_-]+ and 'input' must be an object")
            case "tool_result":
                inner = block.get("content") or ""
                parts: list[Json] = [{"type": "text", "text": inner}] if isinstance(inner, str) else inner
                texts += [part["text"] for part in parts if part["type"] == "text"]
                kinds += [_ATTACHMENTS[part["type"]] for part in parts if part["type"] != "text"]
            case "thinking" if role == "assistant":
                if not block.get("signature"):
                    raise Refused(f"{at}.thinking.signature: Field required")
            case other:
                raise Refused(f"{at}: Input tag {other!r} found using 'type' does not match any of the expected tags")
    said: Any = "tool" if results and len(results) == len(blocks) else role
    return Turn(said, "\n".join(texts), tuple(kinds))


def _check_source(source: Json, where: str) -> None:
    if source.get("type") == "base64":
        if not source.get("media_type") or not source.get("data"):
            raise Refused(f"{where}.source.base64: Field required")
    elif source.get("type") != "url":
        raise Refused(f"{where}.source: Input tag {source.get('type')!r} does not match any of the expected tags")


def _tools(body: Json) -> tuple[tuple[Tool, ...], str, bool]:
    tools: list[Tool] = []
    for position, tool in enumerate(body.get("tools") or []):
        if not tool.get("name") or tool.get("input_schema", {}).get("type") != "object":
            raise Refused(f"tools.{position}.custom.input_schema: Field required")
        tools.append(Tool(tool["name"], tool["input_schema"]))
    choice: Json = body.get("tool_choice") or {"type": "auto"}
    if choice["type"] != "auto" and not tools:
        raise Refused("tool_choice: may only be specified while providing tools")
    names = {"auto": "auto", "any": "required", "none": "none", "tool": choice.get("name", "")}
    if choice["type"] not in names or (choice["type"] == "tool" and choice.get("name") not in {tool.name for tool in tools}):
        raise Refused("tool_choice: the tool is not among the tools")
    return tuple(tools), names[choice["type"]], not choice.get("disable_parallel_tool_use")


# --- what goes out


def _blocks(reply: Reply) -> list[Json]:
    blocks: list[Json] = []
    if reply.reasoning:
        signature = hashlib.sha256(reply.reasoning.encode()).hexdigest()
        blocks.append({"type": "thinking", "thinking": reply.reasoning, "signature": signature})
    if reply.text:
        blocks.append({"type": "text", "text": reply.text, "citations": None})
    for call in reply.calls:
        tool_id = "toolu_" + call.id.removeprefix("call_")
        caller = {"type": "direct"}
        blocks.append({"type": "tool_use", "id": tool_id, "name": call.name, "input": call.arguments, "caller": caller})
    return blocks


def _opened(block: Json) -> tuple[Json, list[Json]]:
    """The block as it begins, and the deltas that fill it."""
    match block["type"]:
        case "text":
            return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in tokens(block["text"])]
        case "thinking":
            thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in tokens(block["thinking"])]
            return {**block, "thinking": "", "signature": ""}, [
                *thoughts,
                {"type": "signature_delta", "signature": block["signature"]},
            ]
        case _:
            written = json.dumps(block["input"], ensure_ascii=False)
            pieces = ["", *(written[start : start + 7] for start in range(0, len(written), 7))]
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]


def _event(name: str, fields: Json) -> str:
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields}, ensure_ascii=False)}\n\n"


def _ended(reply: Reply) -> Json:
    reason = {"stop": "end_turn", "length": "max_tokens", "calls": "tool_use"}[reply.ended]
    if reply.stopped_by is not None:
        reason = "stop_sequence"
    return {"stop_reason": reason, "stop_sequence": reply.stopped_by, "stop_details": None}


def _usage(prompt: Prompt, reply: Reply) -> Json:
    return {
        "input_tokens": prompt.tokens,
        "output_tokens": reply.tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens_details": {"thinking_tokens": reply.reasoning_tokens},
        "server_tool_use": None,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def _id(body: Json) -> str:
    return "msg_" + hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:24]
