"""The whole answer that the events of a stream amount to."""

from collections.abc import Sequence

from stoa.dialects.answer import (
    Answer,
    Choice,
    Ended,
    Event,
    Finished,
    RefusalPiece,
    Started,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    UsageTold,
)
from stoa.dialects.answer_rules import later
from stoa.dialects.conversation import Part, Refusal, Text, Thinking


def answer_of(events: Sequence[Event], head: Started) -> Answer | None:
    """None when the stream was not finished, or something of it would be lost, such as a tool call.

    `head` names what the stream's own beginning does not.
    """
    content = _Content()
    finished: Finished | None = None
    usage: TokenUsage | None = None
    for event in events:
        match event:
            case Started():
                usage = later(usage, event.usage) if event.usage is not None else usage
                head = Started(
                    id=event.id or head.id, model=event.model or head.model, created_s=event.created_s or head.created_s
                )
            case TextPiece(choice=0, logprobs=None):
                content.add(Text(text=event.text))
            case RefusalPiece(choice=0):
                content.add(Refusal(text=event.text))
            case ThinkingPiece(choice=0):
                content.add(Thinking(text=event.text, signature=event.signature, redacted=event.redacted))
            case Finished(choice=0):
                finished = event
            case UsageTold():
                usage = later(usage, event.usage)
            case Ended():
                pass
            case _:
                return None
    if finished is None:
        return None
    choice = Choice(content=content.parts(), finish=finished.finish, stop_sequence=finished.stop_sequence)
    return Answer(id=head.id, model=head.model, created_s=head.created_s, choices=[choice], usage=usage)


class _Content:
    """Puts pieces of the same part together. A signature ends thinking; what is redacted is a part of its own."""

    def __init__(self) -> None:
        self._parts: list[Text | Refusal | Thinking] = []
        self._pieces: list[str] = []  # of the last part

    def add(self, piece: Text | Refusal | Thinking) -> None:
        last = self._parts[-1] if self._parts else None
        if last is not None and _goes_on(last, piece):
            self._pieces.append(piece.text)
            if isinstance(last, Thinking) and isinstance(piece, Thinking):
                last.signature = piece.signature
            return
        self._join()
        self._parts.append(piece)
        self._pieces = [piece.text]

    def parts(self) -> list[Part]:
        self._join()
        return list(self._parts)

    def _join(self) -> None:
        if self._parts:
            self._parts[-1].text = "".join(self._pieces)


def _goes_on(last: Part, piece: Part) -> bool:
    if isinstance(last, Thinking) and isinstance(piece, Thinking):
        return last.signature is None and last.redacted is None and piece.redacted is None
    return type(last) is type(piece)
