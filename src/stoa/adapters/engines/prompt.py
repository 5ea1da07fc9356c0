"""What a chat that reaches the reader asks: a question, and the numbered passages of the system message if there are any."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stoa.adapters.engines.evidence import NumberedPassage

_PASSAGES = "\nPassages:\n"
_REWRITTEN = re.compile(r"\n+Question, with its context: (.+)\s*\Z")
_OPENING = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asked:
    """`passages` is None in a chat without an assistant, and empty when retrieval found nothing."""

    question: str
    passages: tuple[NumberedPassage, ...] | None


def asked(messages: Sequence[tuple[str, str]]) -> Asked:
    """Read a chat of (role, text). The last user message is the question, unless its rewritten form ends the system message."""
    question = next((text for role, text in reversed(messages) if role == "user"), "").strip()
    system = "\n".join(text for role, text in messages if role in ("system", "developer"))
    _, found, numbered = f"\n{system}\n".partition(_PASSAGES)
    if not found:
        return Asked(question, None)
    if rewritten := _REWRITTEN.search(numbered):
        question, numbered = rewritten[1].strip(), numbered[: rewritten.start()]
    return Asked(question, tuple(_passages(numbered)))


def _passages(numbered: str) -> list[NumberedPassage]:
    """A passage opens with the number that follows the one before; a line that merely looks so is text."""
    openings: list[re.Match[str]] = []
    for opening in _OPENING.finditer(numbered):
        if int(opening[1]) == len(openings) + 1:
            openings.append(opening)
    starts = [opening.start() for opening in openings]
    return [
        NumberedPassage(int(opening[1]), opening[2].strip(), numbered[opening.end() : end].strip())
        for opening, end in zip(openings, [*starts[1:], len(numbered)], strict=False)
    ]
