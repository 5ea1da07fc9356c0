"""What an example of a conversation has to be: messages in OpenAI's chat form, an answer that was given, one to be wished for.

The form: https://platform.openai.com/docs/guides/supervised-fine-tuning
"""

from collections.abc import Iterator
from typing import Any, cast

import msgspec

from stoa.domain.datasets import MOST_BYTES, Body, Message
from stoa.errors import InvalidRequest

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_KEPT = ("messages", "tools", "parallel_tool_calls", "answer", "expected", "notes")
_LEFT = ("metadata", "origin")
"""Understood and not kept: where an example came from is what Stoa saw, and not what a file says."""
_NOTES_CHARS = 10_000
_encode = msgspec.json.Encoder().encode


def body_of(sent: object) -> Body:
    """An example as JSON. Raises InvalidRequest with the place of what is wrong.

    Where neither an answer nor an expected one is named, a last message of the assistant is the expected one: so it is in
    files to train with.
    """
    fields = _object(sent, "")
    unknown = sorted(set(fields) - set(_KEPT) - set(_LEFT))
    if unknown:
        raise _wrong(unknown[0], f"is not known here; an example has {', '.join(_KEPT)}")
    messages = _messages(fields.get("messages"))
    answer, expected = (_answer(fields.get(name), name) for name in ("answer", "expected"))
    if answer is None and expected is None and messages[-1]["role"] == "assistant":
        expected = messages.pop()
    if not any(each["role"] not in ("system", "developer") for each in messages):
        raise _wrong("messages", "hold nothing that was asked: name what the user says before the answer")
    body = Body(
        messages=messages,
        tools=_tools(fields.get("tools")),
        parallel_tool_calls=_flag(fields.get("parallel_tool_calls"), "parallel_tool_calls"),
        answer=answer,
        expected=expected,
        notes=notes_of(fields.get("notes")),
    )
    return checked_size(body)


def body_of_request(messages: list[Message], *, tools: list[Message] | None) -> Body:
    """A kept request: its messages, of which the last one is the assistant's where it was answered."""
    answered = messages[-1] if messages and messages[-1].get("role") == "assistant" else None
    asked = messages[:-1] if answered is not None else messages
    return checked_size(Body(messages=asked, tools=tools or None, answer=answered))


def expected_of(sent: object) -> Message | None:
    """Text, a message of the assistant, or nothing. Raises InvalidRequest."""
    return _answer(sent, "expected")


def notes_of(sent: object) -> str:
    if sent is None:
        return ""
    if not isinstance(sent, str) or len(sent) > _NOTES_CHARS:
        raise _wrong("notes", f"must be text of at most {_NOTES_CHARS:,} characters")
    return sent


def checked_size(body: Body) -> Body:
    size = len(_encode(body))
    if size > MOST_BYTES:
        raise InvalidRequest(f"An example may have {MOST_BYTES:,} bytes as JSON, and this one has {size:,}.", param="messages")
    return body


def holds(body: Body, text: str) -> bool:
    """Whether it says this anywhere, in capitals or not."""
    wanted = text.casefold()
    return any(wanted in each.casefold() for each in _said(body))


def _said(body: Body) -> Iterator[str]:
    yield body.notes
    for message in (*body.messages, body.answer, body.expected):
        if message is None:
            continue
        content: object = message.get("content")
        parts = cast("list[object]", content) if isinstance(content, list) else [content]  # cast: whatever it holds
        for part in parts:
            text = cast("Message", part).get("text") if isinstance(part, dict) else part  # cast: keys of JSON are text
            if isinstance(text, str):
                yield text
        if calls := message.get("tool_calls"):
            yield _encode(calls).decode()


def _messages(sent: object) -> list[Message]:
    if not isinstance(sent, list) or not sent:
        raise _wrong("messages", "must be a list of messages, such as [{'role': 'user', 'content': '...'}]")
    return [_message(each, f"messages[{n}]") for n, each in enumerate(cast("list[object]", sent))]  # cast: whatever it holds


def _message(sent: object, place: str) -> Message:
    message = _object(sent, place)
    role, content = message.get("role"), message.get("content")
    if role not in _ROLES:
        raise _wrong(f"{place}.role", f"is {role!r}, and must be one of {', '.join(_ROLES)}")
    calls = message.get("tool_calls") or message.get("function_call") or message.get("refusal")
    if content is None and role == "assistant" and calls:
        return message
    if not isinstance(content, str | list):
        raise _wrong(f"{place}.content", f"must be text or a list of parts, and is {_kind(content)}")
    if isinstance(content, list):
        for n, part in enumerate(cast("list[object]", content)):  # cast: whatever it holds
            if not isinstance(_object(part, f"{place}.content[{n}]").get("type"), str):
                raise _wrong(f"{place}.content[{n}].type", "is missing; a part says what it is, such as 'text'")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise _wrong(f"{place}.tool_call_id", "is missing; it says which call of a tool this answers")
    return message


def _answer(sent: object, name: str) -> Message | None:
    if sent is None:
        return None
    if isinstance(sent, str):
        return {"role": "assistant", "content": sent} if sent.strip() else None
    message = _message(sent, name)
    if message["role"] != "assistant":
        raise _wrong(f"{name}.role", f"is {message['role']!r}, and must be 'assistant'")
    return message


def _tools(sent: object) -> list[Message] | None:
    if sent is None:
        return None
    if not isinstance(sent, list):
        raise _wrong("tools", "must be a list of tools, as a request names them")
    return [_object(each, f"tools[{n}]") for n, each in enumerate(cast("list[object]", sent))] or None  # cast: as above


def _flag(sent: object, name: str) -> bool | None:
    if sent is not None and not isinstance(sent, bool):
        raise _wrong(name, "must be true or false")
    return sent


def _object(sent: object, place: str) -> dict[str, Any]:
    if not isinstance(sent, dict):
        raise _wrong(place, f"must be an object, and is {_kind(sent)}")
    return dict(cast("dict[str, Any]", sent))  # cast: keys of JSON are text


def _kind(sent: object) -> str:
    names: dict[type[object], str] = {
        str: "text",
        int: "a number",
        float: "a number",
        bool: "true or false",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(sent), "missing" if sent is None else type(sent).__name__)


def _wrong(place: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"{place or 'The example'} {what}.", param=place or None)
