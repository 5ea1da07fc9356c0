"""A request and its answer as one example of a conversation: messages in chat's form, the answer last."""

from typing import Any, cast

import msgspec

from stoa.dialects.forms import AnswerFailed
from stoa.dialects.table import CLIENTS
from stoa.domain.operations import ClientForm
from stoa.errors import InvalidRequest
from stoa.gateway.replay import text_in
from stoa.gateway.translation import in_chat_form

_FORMS: tuple[ClientForm, ...] = ("chat", "messages", "responses")
_decode = msgspec.json.Decoder().decode


def example_of(form: ClientForm | None, request: bytes, answer: bytes | None) -> list[dict[str, Any]] | None:
    """Any: messages as JSON. None for another operation than a chat, or one that cannot be put into that form."""
    if form not in _FORMS:
        return None
    messages = _asked(form, request).get("messages")
    if not isinstance(messages, list):
        return None
    return [*cast("list[dict[str, Any]]", messages), *_answered(form, answer)]  # cast: messages of a chat


def tools_of(form: ClientForm | None, request: bytes) -> list[dict[str, Any]] | None:
    """Any: tools as JSON, in chat's form; None where the request names none."""
    tools = _asked(form, request).get("tools") if form in _FORMS else None
    return cast("list[dict[str, Any]]", tools) if isinstance(tools, list) and tools else None  # cast: tools of a chat


def _asked(form: ClientForm, request: bytes) -> dict[str, Any]:
    """The request as a chat completion; empty where it cannot be put into that form."""
    try:
        body = request if form == "chat" else in_chat_form(CLIENTS[form].read(request))
        return cast("dict[str, Any]", _decode(body))  # cast: it was read as an object
    except (InvalidRequest, AnswerFailed, ValueError, msgspec.MsgspecError):
        return {}


def _answered(form: ClientForm, answer: bytes | None) -> list[dict[str, Any]]:
    if not answer:
        return []
    if form == "chat":
        try:
            (message,) = [choice["message"] for choice in _decode(answer)["choices"][:1]]
        except (ValueError, KeyError, TypeError, msgspec.MsgspecError):
            pass
        else:
            return [message]
    text = text_in(form, answer)
    if not text and not answer.lstrip().startswith(b"{"):
        text = answer.decode("utf-8", "replace")  # of a stream whose events amount to no whole answer
    return [{"role": "assistant", "content": text}] if text else []
