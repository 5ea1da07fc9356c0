"""Thinking in OpenAI's responses: an item with a summary, and with what proves it, which clients send back unread.

That stands in `encrypted_content`. What another provider encrypted there proves nothing to anybody else, so ours is marked.
"""

from stoa.dialects.conversation import Fields, Thinking

_SIGNATURE = "stoa.signature:"
_REDACTED = "stoa.redacted:"


def open_thinking(text: str, encrypted: str | None) -> Thinking:
    if encrypted is not None and encrypted.startswith(_REDACTED):
        return Thinking(redacted=encrypted.removeprefix(_REDACTED))
    if encrypted is not None and encrypted.startswith(_SIGNATURE):
        return Thinking(text=text, signature=encrypted.removeprefix(_SIGNATURE))
    return Thinking(text=text)


def reasoning_item(item_id: str, thought: Thinking) -> Fields:
    item: Fields = {"type": "reasoning", "id": item_id, "summary": []}
    if thought.text:
        item["summary"] = [{"type": "summary_text", "text": thought.text}]
    if thought.redacted is not None:
        item["encrypted_content"] = _REDACTED + thought.redacted
    elif thought.signature is not None:
        item["encrypted_content"] = _SIGNATURE + thought.signature
    return item
