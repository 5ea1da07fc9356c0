"""Stage 4, augment: an assistant's request becomes a prompt with the passages that the caller may read."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from stoa.domain.identity import AccessTag
from stoa.domain.passages import Citation, Passage, Retriever
from stoa.domain.resources import Assistant
from stoa.domain.usage import Consulted
from stoa.errors import InvalidRequest
from stoa.gateway.ask import fields_of
from stoa.gateway.usage import tokens_in

Rewrite = Callable[[str, Sequence[str]], str]
"""A follow-up question and the questions before it, oldest first, to a question that stands alone."""

Judged = Callable[[Sequence[Passage]], Awaitable[Sequence[Passage]]]
"""Passages as they may go into the prompt, after what guardrails say. Raises StoaError."""

_INSTRUCTION = (
    "Answer from the numbered passages only. Put the number of the passage in brackets, such as [1], after each sentence that "
    "uses it. If the passages do not answer the question, say so."
)
_OPENS_A_PASSAGE = re.compile(r"^(?=\[\d+\] |Question, with its context: )", re.MULTILINE)
_CITED = re.compile(r"\[(\d{1,3})\]")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Augmented:
    """The new body, and the passages in its prompt in the order of their numbers."""

    body: bytes
    passages: Sequence[Passage]


async def augment(
    body: bytes,
    assistant: Assistant,
    *,
    acl: frozenset[AccessTag],
    team: str,
    retriever: Retriever,
    rewrite: Rewrite,
    judged: Judged | None = None,
) -> Augmented:
    """Raises InvalidRequest when the last message is not a question in text, and what `judged` raises.

    `team` pays for what retrieval costs.
    """
    fields = fields_of(body)
    turns = [_turn(message, number) for number, message in enumerate(fields["messages"])]
    if turns[-1][0] != "user" or not turns[-1][1].strip():
        raise InvalidRequest("The last message must be a question in text, from the role 'user'.", param="messages")
    question = turns[-1][1]
    standing_alone = rewrite(question, [text for role, text in turns[:-1] if role == "user"])
    passages: Sequence[Passage] = ()
    if assistant.collections:
        found = await retriever.retrieve(
            standing_alone, collections=assistant.collections, acl=acl, limit=assistant.passages, on_behalf_of=team
        )
        passages = fit(found, assistant.context_tokens)
        if judged is not None:
            passages = await judged(passages)
    instructions = "\n\n".join(text for text in (assistant.prompt, *(t for r, t in turns if r == "system")) if text.strip())
    system = prompt(
        instructions, passages, with_passages=bool(assistant.collections), question=question, standing_alone=standing_alone
    )
    fields["messages"] = [
        *([{"role": "system", "content": system}] if system else []),
        *({"role": role, "content": text} for role, text in turns if role != "system"),
    ]
    return Augmented(_encode(fields), passages)


def fit(passages: Sequence[Passage], context_tokens: int) -> Sequence[Passage]:
    """The best that fit the budget together; one that does not fit is passed over, for a shorter one may."""
    kept: list[Passage] = []
    for passage in passages:
        tokens = tokens_in(len(passage.text) + len(_title(passage)))
        if tokens <= context_tokens:
            kept.append(passage)
            context_tokens -= tokens
    return kept


def prompt(instructions: str, passages: Sequence[Passage], *, with_passages: bool, question: str, standing_alone: str) -> str:
    """The system message. Lines within passages that look like its own, `[n] ` or the last one, are indented."""
    if not with_passages:
        return instructions
    parts = [instructions] if instructions else []
    parts += [_INSTRUCTION, "Passages:"]
    for number, passage in enumerate(passages, 1):
        parts.append(f"[{number}] {_title(passage)}\n{_OPENS_A_PASSAGE.sub(' ', passage.text)}")
    if standing_alone != question:
        parts.append(f"Question, with its context: {' '.join(standing_alone.split())}")
    return "\n\n".join(parts)


def citations(text: str, passages: Sequence[Passage]) -> list[Citation]:
    """The passages that an answer names by number, in the order in which it first does."""
    numbers = dict.fromkeys(int(found) for found in _CITED.findall(text))
    return [
        Citation(
            n=n,
            document_id=passage.document_id,
            collection=passage.collection,
            title=passage.title,
            path=passage.path,
            heading=passage.heading,
            page=passage.page,
            start=passage.start,
            end=passage.end,
            passage=passage.text,
            score=passage.score,
        )
        for n in numbers
        if 0 < n <= len(passages)
        for passage in (passages[n - 1],)
    ]


def stoa_of(text: str, passages: Sequence[Passage], *, cost: int | None) -> dict[str, object]:
    """The answer's own object: where it is from, and what it cost."""
    return {"citations": citations(text, passages), "passages_considered": len(passages), "cost_nano_usd": cost}


def consulted(stoa: Mapping[str, object], passages: Sequence[Passage], collections: Sequence[str]) -> tuple[Consulted, ...]:
    """Of each collection how many passages were in the prompt, and how many the answer cites."""
    cites = cast("Sequence[Citation]", stoa["citations"])  # cast: as `stoa_of` made it
    made: list[Consulted] = []
    for name in collections:
        by_document: dict[str, int] = {}
        for each in cites:
            if each.collection == name:
                by_document[each.document_id] = by_document.get(each.document_id, 0) + 1
        made.append(Consulted(name, sum(passage.collection == name for passage in passages), by_document))
    return tuple(made)


def _title(passage: Passage) -> str:
    return " > ".join(" ".join(part.split()) for part in (passage.title, *passage.heading))


def _turn(message: object, number: int) -> tuple[str, str]:
    fields = cast("dict[str, Any]", message) if isinstance(message, dict) else {}  # cast: JSON objects have text keys
    role, text = fields.get("role"), _text(fields.get("content"))
    if role not in ("system", "developer", "user", "assistant") or text is None:
        raise InvalidRequest(
            f"Message {number} must be text from the role 'system', 'user' or 'assistant': an assistant takes nothing else.",
            param=f"messages[{number}]",
        )
    return ("system" if role == "developer" else role), text


def _text(content: object) -> str | None:
    """Content in text, also when it comes in parts; None when any of it is something else."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else None
    texts: list[str] = []
    for part in cast("list[object]", content):  # cast: a JSON list
        named = cast("dict[str, Any]", part) if isinstance(part, dict) else {}  # cast: JSON objects have text keys
        text = named.get("text") if named.get("type") == "text" else None
        if not isinstance(text, str):
            return None
        texts.append(text)
    return "\n".join(texts)
