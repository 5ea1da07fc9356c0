"""Answers of OpenAI's responses, whole, and the parts that streams of them are made of."""

from collections.abc import Sequence
from typing import Any

import msgspec

from stoa.dialects.answer import Answer, FinishReason, TokenUsage
from stoa.dialects.answer_rules import own_id, shown_thoughts
from stoa.dialects.conversation import Conversation, Fields, Part, Refusal, Text, Thinking, ToolCall
from stoa.dialects.openai.file_search import call_item as call_item_of_search
from stoa.dialects.openai.file_search import citations_in
from stoa.dialects.openai.responses_thinking import reasoning_item

_encode = msgspec.json.Encoder().encode
_INCOMPLETE: dict[FinishReason, str] = {
    "length": "max_output_tokens", "content_filter": "content_filter", "refusal": "content_filter",
}  # fmt: skip


def write_answer(answer: Answer, request: Conversation) -> bytes:
    choice = answer.choices[0]
    body = response_head(answer.id, answer.model, answer.created_s or 0, request)
    refused = any(isinstance(part, Refusal) for part in choice.content)
    finish_response(body, choice.finish, answer.usage, refused=refused)
    body["output"] = _items(choice.content, answer, request, body)
    if answer.service_tier is not None:
        body["service_tier"] = answer.service_tier
    if answer.stoa is not None:
        body["stoa"] = answer.stoa
    return _encode(body)


def response_head(answer_id: str, model: str, created_s: int, request: Conversation) -> Fields:
    """A response that is still to be filled, with all fields that it must have."""
    return {
        "id": own_id("resp_", answer_id), "object": "response", "created_at": created_s, "completed_at": None,
        "status": "in_progress", "error": None, "incomplete_details": None, "model": model, "output": [], "usage": None,
        "service_tier": "default", **request.echo,
    }  # fmt: skip


def finish_response(body: Fields, finish: FinishReason, usage: TokenUsage | None, *, refused: bool) -> None:
    """A refusal in words is an answer; without words it is an answer that was held back."""
    reason = _INCOMPLETE.get(finish)
    if refused and finish == "refusal":
        reason = None
    body["status"] = "completed" if reason is None else "incomplete"
    body["incomplete_details"] = None if reason is None else {"reason": reason}
    body["usage"] = write_usage(usage)


def write_usage(usage: TokenUsage | None) -> Fields | None:
    if usage is None:
        return None
    given, made = usage.input or 0, usage.output or 0
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": usage.cache_read or 0, "cache_write_tokens": usage.cache_write or 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning or 0},
        "total_tokens": given + made,
    }


def item_id(kind: str, response_id: str, index: int) -> str:
    """An id of an item: the same whenever the same answer is written."""
    return f"{kind}_{response_id.removeprefix('resp_')}_{index}"


def text_part(text: str, annotations: Sequence[Fields] = (), logprobs: Sequence[Fields] = ()) -> Fields:
    return {"type": "output_text", "text": text, "annotations": list(annotations), "logprobs": list(logprobs)}


def refusal_part(text: str) -> Fields:
    return {"type": "refusal", "refusal": text}


def message_item(message_id: str, content: list[Fields], status: str) -> Fields:
    return {"type": "message", "id": message_id, "status": status, "role": "assistant", "content": content}


def call_item(call_item_id: str, call: ToolCall, status: str) -> Fields:
    return {
        "type": "function_call", "id": call_item_id, "call_id": call.id, "name": call.name, "arguments": call.arguments,
        "status": status,
    }  # fmt: skip


def annotation_of(annotation: Fields) -> Fields:
    """Chat wraps a citation in its name; here it lies flat."""
    kind = annotation.get("type")
    inner: Any = annotation.get(kind) if isinstance(kind, str) else None  # Any: JSON of an upstream
    return {"type": kind, **inner} if isinstance(inner, dict) else annotation


def logprobs_of(logprobs: Fields | None) -> list[Fields]:
    return [] if logprobs is None else logprobs.get("content") or []


def _items(content: Sequence[Part], answer: Answer, request: Conversation, body: Fields) -> list[Fields]:
    items: list[Fields] = []
    if request.found is not None:
        results = request.file_search is not None and request.file_search.results
        items.append(call_item_of_search(request.found, item_id("fs", body["id"], 0), results=results))
    shown = shown_thoughts(list(content), request)
    status: str = body["status"]
    annotations = [annotation_of(annotation) for annotation in answer.annotations]
    logprobs = logprobs_of(answer.choices[0].logprobs)
    for part in content:
        at = len(items)
        match part:
            case Thinking():
                if part in shown:
                    items.append(reasoning_item(item_id("rs", body["id"], at), part))
            case ToolCall():
                items.append(call_item(item_id("fc", body["id"], at), part, status))
            case Text() | Refusal():
                if not items or items[-1]["type"] != "message":
                    items.append(message_item(item_id("msg", body["id"], at), [], status))
                cites = citations_in(part.text, request.found)
                is_text = isinstance(part, Text)
                said = text_part(part.text, [*annotations, *cites], logprobs) if is_text else refusal_part(part.text)
                items[-1]["content"].append(said)
                if isinstance(part, Text):
                    annotations, logprobs = [], []
            case _:
                pass
    return items
