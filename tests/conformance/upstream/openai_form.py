"""The scripted upstream's chat completions and embeddings, in OpenAI's wire form: every field, and its refusals."""

import base64
import hashlib
import json
import struct
from collections.abc import Iterator
from typing import Any

from tests.conformance.upstream.exchange import Json, Prompt, Refused, Reply, Tool, Turn, tokens

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
_PARTS = {"text": "", "refusal": "", "image_url": "image", "input_audio": "audio", "file": "file"}
_CREATED = 1_764_000_000


def read(body: Json) -> Prompt:
    """Raises Refused, as OpenAI would."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("Invalid 'messages': expected an array with at least one message.", param="messages")
    form: Json = body.get("response_format") or {}
    stop = body.get("stop") or []
    return Prompt(
        turns=_turns(messages),
        tools=tuple(_tool(each, f"tools[{n}]") for n, each in enumerate(body.get("tools") or [])),
        choice=_choice(body),
        parallel=body.get("parallel_tool_calls") is not False,
        schema=form["json_schema"]["schema"] if form.get("type") == "json_schema" else None,
        json_mode=form.get("type") == "json_object",
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        most_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
        reasons=body.get("reasoning_effort") not in (None, "none"),
    )


def whole(body: Json, prompt: Prompt, reply: Reply) -> Json:
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", **_message(reply), "refusal": None, "annotations": []},
            "logprobs": _logprobs(reply.text) if body.get("logprobs") else None,
            "finish_reason": _ended(reply),
        }
        for index in range(body.get("n") or 1)
    ]
    head = {"id": _id(body), "object": "chat.completion", "created": _CREATED, "model": body["model"]}
    rest = {"service_tier": "default", "system_fingerprint": "fp_scripted"}
    return {**head, "choices": choices, "usage": _usage(prompt, reply, len(choices)), **rest}


def streamed(body: Json, prompt: Prompt, reply: Reply) -> Iterator[str]:
    """The same answer as server-sent events, a token each."""
    wants_usage = (body.get("stream_options") or {}).get("include_usage") is True
    head: Json = {"id": _id(body), "object": "chat.completion.chunk", "created": _CREATED, "model": body["model"]}
    head |= {"service_tier": "default", "system_fingerprint": "fp_scripted"}

    def event(choices: list[Json], usage: Json | None = None) -> str:
        chunk = {**head, "choices": choices, **({"usage": usage} if wants_usage else {})}
        return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"

    many = body.get("n") or 1
    for delta, ended, text in _deltas(reply):
        logprobs = _logprobs(text) if body.get("logprobs") and text else None
        for index in range(many):
            yield event([{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": ended}])
    if wants_usage:
        yield event([], _usage(prompt, reply, many))
    yield "data: [DONE]\n\n"


def refusal(refused: Refused) -> Json:
    kind = "invalid_request_error"
    return {"error": {"message": refused.message, "type": kind, "param": refused.param, "code": refused.code}}


def embeddings(body: Json) -> Json:
    given = body.get("input")
    if given is None or given == []:
        raise Refused("'input' is required and must not be empty.", param="input")
    inputs = [given] if isinstance(given, str) or isinstance(given[0], int) else given
    size = body.get("dimensions") or 16
    data: list[Json] = []
    for index, each in enumerate(inputs):
        seed = hashlib.sha256(json.dumps(each).encode()).digest()
        vector = [seed[n % len(seed)] / 255 for n in range(size)]
        packed = base64.b64encode(struct.pack(f"<{size}f", *vector)).decode()
        data.append(
            {"object": "embedding", "index": index, "embedding": packed if body.get("encoding_format") == "base64" else vector}
        )
    used = sum(len(tokens(each)) if isinstance(each, str) else len(each) for each in inputs)
    return {"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": used, "total_tokens": used}}


# --- what comes in


def _turns(messages: list[Any]) -> tuple[Turn, ...]:
    called: set[str] = set()
    turns: list[Turn] = []
    for position, message in enumerate(messages):
        where = f"messages[{position}]"
        role = _ROLES.get(message.get("role"))
        if role is None:
            raise Refused(f"Invalid value: {message.get('role')!r}.", param=f"{where}.role", code="invalid_value")
        calls = message.get("tool_calls") or []
        for call in calls:
            json.loads(call["function"]["arguments"])
        called |= {call["id"] for call in calls}
        if role == "tool" and message.get("tool_call_id") not in called:
            told = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
            raise Refused(f"Invalid parameter: {told}", param=f"{where}.role")
        content = message.get("content")
        if content is None and not (role == "assistant" and (calls or message.get("refusal"))):
            raise Refused("Invalid value for 'content': expected a string, got null.", param=f"{where}.content")
        text, attachments = _content(content, f"{where}.content")
        if attachments and role != "user":
            told = f"Invalid content type. {attachments[0]} is not supported in messages with role {message['role']!r}."
            raise Refused(told, param=f"{where}.content")
        turns.append(Turn(role, text, attachments))  # type: ignore[arg-type] - one of the four
    return tuple(turns)


def _content(content: Any, where: str) -> tuple[str, tuple[str, ...]]:
    if content is None or isinstance(content, str):
        return content or "", ()
    texts: list[str] = []
    kinds: list[str] = []
    for position, part in enumerate(content):
        kind = _PARTS.get(part.get("type"))
        if kind is None:
            told = f"Invalid value: {part.get('type')!r}. Supported values are: {', '.join(map(repr, _PARTS))}."
            raise Refused(told, param=f"{where}[{position}].type", code="invalid_value")
        if not kind:
            texts.append(part.get("text") or part.get("refusal") or "")
            continue
        if kind == "image" and not part["image_url"]["url"].startswith(("data:image/", "https://", "http://")):
            raise Refused("Invalid image_url.", param=f"{where}[{position}].image_url.url", code="invalid_image_url")
        kinds.append(kind)
    return "".join(texts), tuple(kinds)


def _tool(tool: Any, where: str) -> Tool:
    if tool.get("type") != "function" or not tool.get("function", {}).get("name"):
        raise Refused(f"Invalid value: {tool.get('type')!r}.", param=f"{where}.type", code="invalid_value")
    return Tool(tool["function"]["name"], tool["function"].get("parameters") or {"type": "object", "properties": {}})


def _choice(body: Json) -> str:
    choice = body.get("tool_choice") or "auto"
    if choice != "auto" and not body.get("tools"):
        raise Refused(
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice"
        )
    if isinstance(choice, str):
        return choice
    name = choice["function"]["name"]
    if name not in {tool["function"]["name"] for tool in body["tools"]}:
        raise Refused(f"Tool choice {name!r} not found in 'tools' parameter.", param="tool_choice")
    return name


# --- what goes out


def _message(reply: Reply) -> Json:
    message: Json = {"content": None if reply.calls else reply.text}
    if reply.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
            }
            for call in reply.calls
        ]
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    return message


def _deltas(reply: Reply) -> Iterator[tuple[Json, str | None, str]]:
    """Each delta, how it ends, and the text whose probabilities it carries."""
    yield {"role": "assistant", "content": None if reply.calls else "", "refusal": None}, None, ""
    for piece in tokens(reply.reasoning):
        yield {"reasoning_content": piece}, None, ""
    for piece in tokens(reply.text):
        yield {"content": piece}, None, piece
    for index, call in enumerate(reply.calls):
        opening = {"index": index, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        yield {"tool_calls": [opening]}, None, ""
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        for start in range(0, len(arguments), 7):
            yield {"tool_calls": [{"index": index, "function": {"arguments": arguments[start : start + 7]}}]}, None, ""
    yield {}, _ended(reply), ""


def _ended(reply: Reply) -> str:
    return "tool_calls" if reply.ended == "calls" else reply.ended


def _logprobs(text: str) -> Json:
    found = [{"token": piece, "logprob": -0.25, "bytes": list(piece.encode()), "top_logprobs": []} for piece in tokens(text)]
    return {"content": found, "refusal": None}


def _usage(prompt: Prompt, reply: Reply, many: int) -> Json:
    said = reply.tokens * many
    spoken = {"reasoning_tokens": reply.reasoning_tokens * many, "audio_tokens": 0}
    return {
        "prompt_tokens": prompt.tokens,
        "completion_tokens": said,
        "total_tokens": prompt.tokens + said,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {**spoken, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
    }


def _id(body: Json) -> str:
    return "chatcmpl-" + hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:29]
