"""A ChatClient that answers from a script, for tests."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from stoa.domain.chat import AnswerPiece, ChatMessage


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the client got it."""

    messages: tuple[ChatMessage, ...]
    model: str
    user_id: str


@dataclass(slots=True)
class ScriptedChat:
    """Gives every request the same pieces; an exception in the script is raised, an event is waited for."""

    script: Sequence[AnswerPiece | Exception | asyncio.Event]
    asked: list[Asked] = field(default_factory=list[Asked])
    given_up: int = 0
    """How many requests were closed before their end."""

    async def answer(self, messages: Sequence[ChatMessage], *, model: str, user_id: str) -> AsyncGenerator[AnswerPiece]:
        self.asked.append(Asked(tuple(messages), model, user_id))
        try:
            for step in self.script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    yield step
        except (asyncio.CancelledError, GeneratorExit):
            self.given_up += 1
            raise
