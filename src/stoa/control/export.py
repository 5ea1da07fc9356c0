"""A conversation as a file: Markdown to read, JSON to read back."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from stoa.domain.conversations import Conversation, Message
from stoa.domain.passages import Citation


def to_markdown(conversation: Conversation, messages: Sequence[Message]) -> str:
    """The conversation in order, each answer followed by the passages it cites."""
    parts = [f"# {conversation.title}", f"{_time(conversation.created_at_ms)} · {conversation.model}"]
    for message in messages:
        who = "Question" if message.role == "user" else f"Answer of {message.model or conversation.model}"
        parts += [f"## {who}", message.content.strip() or "(empty)"]
        if message.state == "stopped":
            parts.append("*Stopped before its end.*")
        elif message.state == "failed":
            parts.append(f"*Failed: {message.error}*")
        parts += _marked(message)
        parts += [_cited(citation) for citation in message.citations]
        if message.closest:
            parts.append("Closest to the question:\n\n" + "\n".join(f"- {_place(passage)}" for passage in message.closest))
    return "\n\n".join(parts) + "\n"


def _marked(message: Message) -> list[str]:
    """The sentences that the passages do not support, so that a copy is no more certain than the page."""
    told = {"unsupported": "Not in the passages it names", "uncited": "Names no passage"}
    return [
        f"*{told[check.state]}: {' '.join(message.content[check.start : check.end].split())}*"
        for check in message.verification or ()
        if check.state in told
    ]


def file_name(conversation: Conversation, extension: str) -> str:
    """A name that every file system takes, from the title."""
    words = re.sub(r"[^a-z0-9]+", "-", conversation.title.lower()).strip("-")[:60].strip("-")
    return f"{words or 'conversation'}.{extension}"


def _cited(citation: Citation) -> str:
    passage = "\n".join(f"> {line}".rstrip() for line in citation.passage.strip().splitlines())
    return f"{_place(citation, number=f'[{citation.n}] ')}\n\n{passage}"


def _place(citation: Citation, *, number: str = "") -> str:
    page = f", page {citation.page}" if citation.page is not None else ""
    heading = f", {' › '.join(citation.heading)}" if citation.heading else ""
    return f"**{number}{citation.title}**{page}{heading} ({citation.path})"


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%d %B %Y, %H:%M UTC").lstrip("0")
